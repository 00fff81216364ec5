#!/usr/bin/env node
// `npm create avtomatika-worker DIR` does the same as `npx avtomatika-worker init DIR`.
const manifest = import.meta.resolve('avtomatika-worker/package.json')
process.argv.splice(2, 0, 'init')
await import(new URL('./dist/cli/main.js', manifest).href)

import { describe, expect, it } from 'vitest'
import { effectsIn, strayEffects } from '../../../scripts/effects.mjs'

const effects = (text: string) => effectsIn('any/file.ts', text).map(({ effect }) => effect)

describe('effectsIn', () => {
  it.each([
    ['const a = process.env.HOME', 'process.env'],
    ["const a = process['env']", 'process.env'],
    ['const { env } = process', 'process.env'],
    ["import { env as variables } from 'node:process'", 'process.env'],
    ['globalThis.process.env', 'process.env'],
    ["console.log('x')", 'console'],
    ['const say = console', 'console'],
    ['setTimeout(f, 1)', 'timer'],
    ['globalThis.setInterval(f, 1)', 'timer'],
    ['setImmediate(f)', 'timer'],
    ['new Promise((resolve) => { setTimeout(resolve, 1) })', 'timer'],
    ["import { setTimeout as sleep } from 'node:timers/promises'", 'timer'],
    ["import timers from 'node:timers'", 'timer'],
    ['AbortSignal.timeout(5)', 'timer'],
    ['Date.now()', 'clock'],
    ['new Date()', 'clock'],
    ['performance.now()', 'clock'],
    ["process.on('SIGTERM', f)", 'signal'],
    ['process.once(name, f)', 'signal'],
    ["export * from './other.js'", 'wildcard re-export'],
    ["export type * from './other.js'", 'wildcard re-export'],
    ["export * as other from './other.js'", 'wildcard re-export'],
  ])('finds in `%s` the effect "%s", once', (text, effect) => {
    expect(effects(text)).toEqual([effect])
  })

  it.each([
    'socket.setTimeout(5)',
    'const a = { console: 1, setTimeout: 2 }',
    'type Handle = ReturnType<typeof setTimeout>',
    'new Date(5)',
    "process.on('exit', f)",
    "export { a } from './other.js'",
    'emitter.on("SIGTERM", f)',
    '// console.log(process.env)',
    "const text = 'setTimeout(1)'",
  ])('finds nothing in `%s`', (text) => {
    expect(effects(text)).toEqual([])
  })

  it('says where', () => {
    expect(effectsIn('a/b.ts', '\n\nconst x = 1\nconsole.log(x)\n')).toEqual([
      { effect: 'console', path: 'a/b.ts', line: 4, code: 'console.log' },
    ])
  })
})

describe('strayEffects', () => {
  it.each([
    ['config/env.ts', 'process.env'],
    ['cli/main.ts', 'process.env; console.log(1)'],
    ['logger.ts', 'console.log(1)'],
    ['utils/time.ts', 'setTimeout(f, 1); Date.now()'],
    ['runtime/shutdown.ts', "process.on('SIGINT', f)"],
  ])('leaves %s its own effects', (path, text) => {
    expect(strayEffects(path, text)).toEqual([])
  })

  it.each([
    ['config/env.ts', 'console.log(1)'],
    ['config/resolve.ts', 'process.env'],
    ['config/env.ts.ts', 'process.env'],
    ['utils/retime.ts', 'setTimeout(f, 1)'],
    ['cli/main.ts', 'setTimeout(f, 1)'],
    ['runtime/lifecycle.ts', "process.on('SIGINT', f)"],
    ['index.ts', "export * from './a.js'"],
  ])('reports in %s: %s', (path, text) => {
    expect(strayEffects(path, text)).toHaveLength(1)
  })
})

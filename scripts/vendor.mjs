// @ts-check
/**
 * Writes the libraries of the page of the embedded orchestrator to `src/dev/page/vendor/`: Preact with hooks and htm as one
 * module, and uPlot as another, which the page loads when it shows a chart. A browser loads these files as they are.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { isMain } from './is-main.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** The libraries whose code is in the modules. */
export const vendored = ['preact', 'htm', 'uplot']

/** The code of each module. */
const modules = {
  'preact.js': `
    export { render } from 'preact'
    export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
    import { h } from 'preact'
    import htm from 'htm'
    export const html = htm.bind(h)`,
  'uplot.js': `export { default as uPlot } from 'uplot'`,
}

const types = `export { render } from 'preact'
export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
export declare const html: (strings: TemplateStringsArray, ...values: unknown[]) => any
`

/** @param {string} name of a package */
const packageFolder = (name) => join(root, 'node_modules', name)

/** @param {string} name */
const license = (name) => {
  const manifest = JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8'))
  const text = readFileSync(join(packageFolder(name), 'LICENSE'), 'utf8')
  return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text.trim()}\n`
}

/** Writes the files anew. @param {string} folder */
export const vendor = async (folder) => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, contents] of Object.entries(modules)) {
    await build({
      stdin: { contents, resolveDir: root },
      outfile: join(folder, name),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      legalComments: 'none',
      logLevel: 'error',
    })
  }
  writeFileSync(join(folder, 'preact.d.ts'), types)
  writeFileSync(join(folder, 'uplot.d.ts'), "export { default as uPlot } from 'uplot'\n")
  writeFileSync(join(folder, 'uplot.css'), readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'))
  writeFileSync(join(folder, 'LICENSES.txt'), vendored.map(license).join(`\n${'-'.repeat(80)}\n\n`))
}

if (isMain(import.meta.url)) await vendor(join(root, 'src/dev/page/vendor'))

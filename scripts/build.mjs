// @ts-check
/**
 * Builds `dist/`: the plain output of the compiler, and one declaration file with all docstrings for each public entry.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { build as bundle } from 'esbuild'
import { vendor } from './vendor.mjs'

/** One configuration for each public entry. `npm run api` uses the same files to compare the public API. */
const entries = ['', '.client', '.dev', '.testing'].map((entry) => `api-extractor${entry}.json`)

/**
 * Writes the declarations of one entry. The report of the public API is left to `npm run api`, so a build cannot fail
 * because the API changed.
 * @param {string} path of a configuration
 */
const rollUpTypes = (path) => {
  const configObject = ExtractorConfig.loadFile(resolve(path))
  configObject.apiReport = { enabled: false }
  configObject.dtsRollup = { ...configObject.dtsRollup, enabled: true }
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: resolve(path),
    packageJsonFullPath: resolve('package.json'),
  })
  const { succeeded } = Extractor.invoke(config, {
    messageCallback: (message) => {
      message.handled = message.category === 'console' && message.logLevel !== 'error'
    },
  })
  if (!succeeded)
    throw new Error(`Rolling up the declarations failed for ${path}: the messages above say why`)
}

/**
 * Writes the page of the embedded orchestrator. Its modules become one readable file without comments, because a browser
 * receives the files as they are.
 * @param {string} from
 * @param {string} to
 */
const writePage = async (from, to) => {
  cpSync(from, to, { recursive: true, filter: (path) => !/\.d\.ts$|page\/[^/]+\.js$/.test(path) })
  await bundle({
    entryPoints: [`${from}/app.js`],
    outfile: `${to}/app.js`,
    bundle: true,
    external: ['./vendor/*'],
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'error',
  })
}

for (const folder of ['dist', 'temp/types']) rmSync(folder, { recursive: true, force: true })
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
if (status !== 0) process.exit(1)
entries.forEach(rollUpTypes)

await vendor('src/dev/page/vendor')
await writePage('src/dev/page', 'dist/dev/page')

const { bin } = JSON.parse(readFileSync('package.json', 'utf8'))
for (const path of Object.values(bin)) chmodSync(path, 0o755)

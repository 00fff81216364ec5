// @ts-check
/** Packs the package and installs the tarball in an empty folder, as a user would. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Runs a program and returns its output.
 * @param {string} program
 * @param {string[]} args
 * @param {string} [cwd]
 * @param {NodeJS.ProcessEnv} [env]
 */
export const run = (program, args, cwd, env = process.env) =>
  execFileSync(program, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/**
 * @param {string} into the folder for the tarball
 * @param {string} [from] the folder of the package
 * @returns the tarball, both of its sizes, and the paths of its files
 */
export const pack = (into, from = '.') => {
  const flags = ['--json', '--ignore-scripts', '--pack-destination', into]
  const [packed] = JSON.parse(run('npm', ['pack', from, ...flags]))
  /** @type {{ path: string }[]} */
  const files = packed.files
  return {
    tarball: join(into, packed.filename),
    packedBytes: Number(packed.size),
    unpackedBytes: Number(packed.unpackedSize),
    paths: files.map(({ path }) => path),
  }
}

/**
 * @param {string} folder made here
 * @param {string[]} args packages and options of `npm install`
 */
export const installInto = (folder, args) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...args], folder)
}

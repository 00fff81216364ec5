// @ts-check
/** Compiles a user's programs against the packed declarations, with each supported compiler. */
import { execFile, spawn } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installInto } from './tarball.mjs'

/** The newest version of each supported line of TypeScript. */
const compilers = { 'typescript-5.9': '5.9.3', 'typescript-6.0': '6.0.3', 'typescript-7.0': '7.0.2' }

/**
 * The options that differ. The first set is a program for Node, without the types of browsers. The second one is what
 * bundlers ask for, with the default libraries. `types` is not set, so TypeScript 6 and 7 load no types by themselves.
 * @type {Record<string, object>}
 */
const resolutions = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext', lib: ['ES2023'] },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
}

const strictest = {
  target: 'ES2023',
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  declaration: true,
  noEmit: true,
}

const programs = ['consumer.ts', 'consumer-client.ts', 'consumer-dev.ts', 'consumer-testing.ts']

/**
 * Prepares the folder of a user: the programs, a configuration for each resolution, the compilers in a folder beside it.
 * @param {string} user a folder in which the package is installed
 * @param {string} tools a new folder
 */
export const prepareConsumer = (user, tools) => {
  const aliases = Object.entries(compilers).map(([alias, version]) => `${alias}@npm:typescript@${version}`)
  installInto(tools, aliases)
  for (const program of programs)
    copyFileSync(fileURLToPath(new URL(program, import.meta.url)), join(user, program))
  for (const [name, options] of Object.entries(resolutions)) {
    const configuration = { compilerOptions: { ...strictest, ...options }, files: programs }
    writeFileSync(join(user, `tsconfig.${name}.json`), JSON.stringify(configuration))
  }
  // Editors read only a file of this name.
  writeFileSync(join(user, 'tsconfig.json'), '{ "extends": "./tsconfig.nodenext.json" }')
}

/**
 * @param {string} user
 * @param {string} tools
 * @returns {{ what: string, compile: () => Promise<string> }[]} each rejects with the compiler's messages
 */
export const compilations = (user, tools) =>
  Object.entries(compilers).flatMap(([alias, version]) =>
    Object.keys(resolutions).map((name) => ({
      what: `a user's programs compile: TypeScript ${version}, ${name}`,
      compile: () => compile(join(tools, 'node_modules', alias, 'bin/tsc'), `tsconfig.${name}.json`, user),
    })),
  )

/** @param {string} compiler @param {string} configuration @param {string} cwd */
const compile = async (compiler, configuration, cwd) => {
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', configuration], { cwd, timeout: 120_000 })
    return 'without messages'
  } catch (error) {
    const { stdout, message } = /** @type {Error & { stdout: string }} */ (error)
    throw new Error(stdout || message, { cause: error })
  }
}

/**
 * Asks the language server of an editor where the code of a name in a program is ("Go to Source Definition").
 * @param {string} user
 * @param {string} tools
 * @param {string} program
 * @param {string} name as the program writes it for the last time
 * @returns {Promise<string>} a path below `user`, and a line
 */
export const sourceDefinition = async (user, tools, program, name) => {
  const server = spawn(process.execPath, [join(tools, 'node_modules/typescript-5.9/lib/tsserver.js')])
  try {
    const file = join(user, program)
    const before = readFileSync(file, 'utf8').split(name).slice(0, -1).join(name).split('\n')
    const place = { file, line: before.length, offset: (before.at(-1) ?? '').length + 1 }
    const requests = [
      { seq: 1, type: 'request', command: 'open', arguments: { file } },
      { seq: 2, type: 'request', command: 'findSourceDefinition', arguments: place },
    ]
    server.stdin.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(''))
    for await (const line of createInterface({ input: server.stdout })) {
      const message = line.startsWith('{') ? JSON.parse(line) : {}
      if (message.request_seq !== 2) continue
      const [found] = message.body ?? []
      if (!found) throw new Error(`no source definition of "${name}": ${line}`)
      return `${found.file.slice(user.length + 1)}:${found.start.line}`
    }
    throw new Error('the language server ended without an answer')
  } finally {
    server.kill()
  }
}

import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const rocket = `/** Why there is a rocket. */
export class Rocket {
  // The tank is empty at first.
  #fuel = 0

  /**
   * Launches the rocket.
   *
   * @param after - the delay in ms. Variable \`ROCKET_DELAY\`. Default: none.
   * @throws RangeError without fuel
   * @example
   * new Rocket().launch(10)
   */
  launch(after: number): number {
    const enough = this.#fuel > 0
    if (!enough) throw new RangeError('no fuel')
    return after
  }
}
`

const rocketCode = `/** Why there is a rocket. */
export class Rocket {
    // The tank is empty at first.
    #fuel = 0;
    /**
     * Launches the rocket.
     *
     * @param after - the delay in ms. Variable \`ROCKET_DELAY\`. Default: none.
     * @throws RangeError without fuel
     * @example
     * new Rocket().launch(10)
     */
    launch(after) {
        const enough = this.#fuel > 0;
        if (!enough)
            throw new RangeError('no fuel');
        return after;
    }
}
`

const rocketDeclaration = `/** Why there is a rocket. */
export declare class Rocket {
    #private;
    /**
     * Launches the rocket.
     *
     * @param after - the delay in ms. Variable \`ROCKET_DELAY\`. Default: none.
     * @throws RangeError without fuel
     * @example
     * new Rocket().launch(10)
     */
    launch(after: number): number;
}
`

const files = {
  'package.json': '{ "name": "made-up", "type": "module", "bin": { "made-up": "./dist/cli.js" } }',
  'src/index.ts': `/// <reference types="node" preserve="true" />\n\nexport { Rocket } from './rocket.js'\n`,
  'src/client/index.ts': 'export const client = true\n',
  'src/testing/index.ts': 'export const testing = true\n',
  'src/dev/index.ts': '/** For tests. */\nexport const dev = true\n',
  'src/dev/page/app.js': "import { html } from './vendor/preact.js'\n\nexport const page = html``\n",
  'src/rocket.ts': rocket,
  'src/cli.ts':
    "#!/usr/bin/env node\n// Starts it.\nimport { Rocket } from './rocket.js'\n\nnew Rocket().launch(0)\n",
  'dist/left-over.js': '',
}

/** Builds a small package with the configurations of this one. */
const build = (changes: Record<string, string> = {}) => {
  const root = mkdtempSync(join(tmpdir(), 'build-'))
  folders.push(root)
  for (const [path, text] of Object.entries({ ...files, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const entries = ['', '.client', '.dev', '.testing'].map((entry) => `api-extractor${entry}.json`)
  for (const name of ['tsconfig.json', 'tsconfig.build.json', ...entries])
    cpSync(here(name), join(root, name))
  symlinkSync(here('node_modules'), join(root, 'node_modules'))
  const script = here('scripts/build.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: root, encoding: 'utf8' })
  return { status, output: stdout + stderr, at: (path: string) => join(root, path) }
}

describe('a build', () => {
  let built: ReturnType<typeof build>
  beforeAll(() => {
    built = build()
  })

  const read = (path: string) => readFileSync(built.at(path), 'utf8')

  it('prints nothing, and removes the files of the last build', () => {
    expect(built).toMatchObject({ status: 0, output: '' })
    expect(existsSync(built.at('dist/left-over.js'))).toBe(false)
  })

  it('writes the code as the compiler prints it, with names and comments', () => {
    expect(read('dist/rocket.js')).toBe(rocketCode)
  })

  it('makes programs executable', () => {
    expect(statSync(built.at('dist/cli.js')).mode & 0o111).toBe(0o111)
    expect(read('dist/cli.js')).toMatch(/^#!\/usr\/bin\/env node\n\/\/ Starts it\.\n/)
  })

  it('writes one declaration file for each entry, with complete docstrings and with the types of Node', () => {
    const declarations = read('dist/index.d.ts')
    expect(declarations).toMatch(/^\/\/\/ <reference types="node" \/>/)
    expect(declarations).toContain(rocketDeclaration)
    expect(read('dist/dev/index.d.ts')).toContain('/** For tests. */')
    expect(existsSync(built.at('dist/rocket.d.ts'))).toBe(false)
  })
})

it('fails on an error of the compiler', () => {
  const { status, output } = build({ 'src/rocket.ts': `${rocket}const broken: string = 1\n` })
  expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining('src/rocket.ts') })
})

it('fails when a public declaration uses a type that is not exported', () => {
  const hidden = 'interface Hidden { a: 1 }\nexport const hidden = (): Hidden => ({ a: 1 })\n'
  const { status, output } = build({ 'src/dev/index.ts': hidden })
  expect(status).toBe(1)
  expect(output).toMatch(/"Hidden" needs to be exported[\s\S]*api-extractor\.dev\.json/)
})

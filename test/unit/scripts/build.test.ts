import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { lean, terse, withoutWords } from '../../../scripts/build.mjs'
import { temporaryFolder } from '../../support/temporary-folder.js'

/** A module that is shrunk, written down and loaded, as a user's program does. */
const loaded = async (code: string) => {
  const path = join(temporaryFolder(), 'shrunk.mjs')
  writeFileSync(path, await lean(code))
  return import(/* @vite-ignore */ pathToFileURL(path).href)
}

const code = `
/** What a reader wants to know. */
export const explode = (text) => {
    throw new Mishap(text.trim() /* so that it is one */);
};
class Mishap extends Error {
    constructor(message) {
        super(message);
        this.name = new.target.name;
    }
}
export const onlyOnce = (text) => explode(text);
export class Rocket {
    #text = ' no fuel ';
    static countdown = 10;
    launch(after) {
        onlyOnce(this.#text + after);
    }
}
export const launch = () => new Rocket().launch('');
export { Mishap };
`

it('keeps what a stack trace names: classes, methods and exported functions; each has its line in it', async () => {
  const { launch } = await loaded(code)
  let stack: unknown
  try {
    launch()
  } catch (error) {
    stack = error instanceof Error ? error.stack : error
  }
  expect(stack).toMatch(/^Mishap: no fuel\n/)
  expect(String(stack).match(/at \S+ \((?=.*shrunk)/g)).toEqual([
    'at explode (',
    'at onlyOnce (',
    'at Rocket.launch (',
    'at launch (',
  ])
})

it('keeps the exported names', async () => {
  const { Rocket, ...others } = await loaded(code)
  expect(Object.keys(others).sort()).toEqual(['Mishap', 'explode', 'launch', 'onlyOnce'])
  expect([Rocket.name, Rocket.countdown]).toEqual(['Rocket', 10])
})

it('takes out the comments, and no text that looks like one', async () => {
  const shrunk = await lean(`${code}export const address = 'http://x/ /* y */'\n/*! a licence */`)
  expect(shrunk).not.toMatch(/reader|so that it is one|licence/)
  expect(shrunk).toContain('http://x/ /* y */')
})

it('says let for constants, and changes no text', async () => {
  const shrunk = await lean(
    'export const f = (list) => { const n = list.length; for (const x of list) g(x, n, "const a = 1"); };\nconst g = console.log;\n',
  )
  expect(shrunk.match(/\b(const|let)\b/g)).toEqual(['let', 'let', 'let', 'const', 'let'])
  expect(shrunk).toContain('"const a = 1"')
})

it('keeps the first line of a program', async () => {
  const shrunk = await lean("#!/usr/bin/env node\n// Why.\nimport { a } from './a.js';\na();\n")
  expect(shrunk).toMatch(/^#!\/usr\/bin\/env node\nimport/)
})

it('leaves the words of the documents out of the table of options', () => {
  const table =
    "    A: {\n        about: 'It\\'s `a`, b.',\n        kind: text,\n        initialInWords: 'none',\n        unit: 's',\n    },\n"
  expect(withoutWords(table)).toBe('    A: {\n        kind: text,\n    },\n')
})

it('says once what the variable of an attribute is called, and that it may be undefined', () => {
  const text =
    '/** How many. Variable `A_B` (JSON). Default: 1. */\n/** Who. Variable `B`. Default: none. */\n/**\n  * Which.\n  * Variable `C`. Default: none.\n  */\n'
  expect(terse(text)).toBe('/** How many. Default: 1. */\n/** Who. */\n/**\nWhich.\n*/\n')
})

it('leaves out of declarations what only their readers would miss, and nothing of the examples', () => {
  const text =
    'export declare interface A {\n    /**\n     * What it is.\n     * @example\n     *   b\n     */\n    b: {\n        c: 1;\n    };\n}\n\nexport declare class B {\n}\n'
  expect(terse(text)).toBe(
    'export interface A {\n/**\nWhat it is.\n@example\n  b\n*/\nb: {\nc: 1\n}\n}\nexport class B {\n}\n',
  )
})

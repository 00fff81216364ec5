import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { lean, withLittleIndentation } from '../../../scripts/build.mjs'
import { temporaryFolder } from '../../support/temporary-folder.js'

/** A module that is shrunk, written down and loaded, as a user's program does. */
const loaded = async (code: string) => {
  const path = join(temporaryFolder(), 'shrunk.mjs')
  writeFileSync(path, await lean(code))
  return import(/* @vite-ignore */ pathToFileURL(path).href)
}

const code = `
/** What a reader wants to know. */
const explode = (text) => {
    throw new Mishap(text.trim() /* so that it is one */);
};
class Mishap extends Error {
    constructor(message) {
        super(message);
        this.name = new.target.name;
    }
}
const onlyOnce = (text) => explode(text);
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

it('keeps what a stack trace names: classes, methods and functions, those of a single call too', async () => {
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
  expect(Object.keys(others).sort()).toEqual(['Mishap', 'launch'])
  expect([Rocket.name, Rocket.countdown]).toEqual(['Rocket', 10])
})

it('takes out the comments, and no text that looks like one', async () => {
  const shrunk = await lean(`${code}export const address = 'http://x/ /* y */'\n/*! a licence */`)
  expect(shrunk).not.toMatch(/reader|so that it is one|licence/)
  expect(shrunk).toContain('http://x/ /* y */')
})

it('keeps the first line of a program', async () => {
  const shrunk = await lean("#!/usr/bin/env node\n// Why.\nimport { a } from './a.js';\na();\n")
  expect(shrunk).toMatch(/^#!\/usr\/bin\/env node\nimport/)
})

it('indents declarations by one space a level, and what hangs in a comment by as much more', () => {
  const text = 'interface A {\n    /**\n     * What it is.\n     */\n    b: {\n        c: 1;\n    };\n}\n'
  expect(withLittleIndentation(text)).toBe(
    'interface A {\n /**\n  * What it is.\n  */\n b: {\n  c: 1;\n };\n}\n',
  )
})

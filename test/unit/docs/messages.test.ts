/**
 * Every message that users of the package see is in messages.txt. Read a new or changed line before you update the file:
 * `npx vitest run --project unit test/unit/docs/messages.test.ts -u`. A message says what was attempted, on what, what
 * happened, and what to do next.
 */
import { expect, test } from 'vitest'
import { allMessages, type Message, type MessageKind } from '../../support/docs/messages.js'

const messages = allMessages()
const of = (...kinds: MessageKind[]) => messages.filter(({ kind }) => kinds.includes(kind))
const shown = ({ path, kind, text }: Message): string => `${path} ${kind}: ${text.replaceAll('\n', '⏎')}`

test('the list has every message', async () => {
  expect(messages.length).toBeGreaterThan(400)
  await expect(`${messages.map(shown).join('\n')}\n`).toMatchFileSnapshot('messages.txt')
})

test('a message starts with a capital letter, a value, or a name', () => {
  // The embedded orchestrator answers in the words of the real one.
  const ANSWERS = /^src\/dev\/(http|rxon)\//
  const NAME = /^([a-z]+[A-Z-]\w*|[a-z]+\(\)|--[a-z]+|[a-z_.]+\.[a-z]+|params:)/
  const wrong = of('error', 'log', 'warning', 'advice').filter(
    ({ path, text }) => !ANSWERS.test(path) && !/^[\p{Lu}…⏎\n("]/u.test(text) && !NAME.test(text),
  )
  expect(wrong.map(shown)).toEqual([])
})

test('a message uses the words of the field', () => {
  const FORBIDDEN =
    /\b(told|tells?|heard|in vain|swallows?|brought|brings|lanes?|stumbles?|barred|goodbye|predecessor|successor|left behind|is to be|looked at|nobody|somebody)\b/i
  expect(messages.filter(({ text }) => FORBIDDEN.test(text)).map(shown)).toEqual([])
})

test('a message fits on two lines of a terminal, and advice is a sentence', () => {
  expect(messages.filter(({ text }) => text.length > 240).map(shown)).toEqual([])
  const open = of('advice').filter(({ text }) => !/[.…?]$/.test(text))
  expect(open.map(shown)).toEqual([])
})

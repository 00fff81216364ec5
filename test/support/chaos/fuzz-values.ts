import { randomUUID } from 'node:crypto'

export type Dice = () => number

export const pick = <T>(dice: Dice, from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T

const nested = (open: string, inner: string, close: string, depth: number) =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`

/** JSON texts that a member of a message may have instead of what belongs there. */
const ODD: readonly (() => string)[] = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '5e-324',
  '123456789012345678901234567890',
  '""',
  '"w1"',
  '"constructor"',
  '"__proto__"',
  '"\\u0000"',
  '"\\ud800"',
  '"\u{1f600}"',
  '"\u001b[2J"'.replace('\u001b', '\\u001b'),
  '"../../etc/passwd"',
  '"2026-01-01T00:00:00Z"',
  '[]',
  '[[]]',
  '[null]',
  '["w1", 1, {}]',
  '{}',
  '{"toString":1}',
  '{"valueOf":null,"toString":{}}',
  '{"toJSON":1}',
  '{"__proto__":{"status":"idle"}}',
  '{"constructor":{"prototype":1}}',
  '{"length":4294967296}',
  '{"":{"":{"":""}}}',
]
  .map((text) => () => text)
  .concat([
    () => nested('[', '', ']', 20),
    () => nested('{"a":', '1', '}', 400),
    () => nested('[', '', ']', 600),
    () => nested('{"a":', '1', '}', 20_000),
    () => `"${'x'.repeat(20_000)}"`,
    () => '9'.repeat(2_000),
    () => `[${'0,'.repeat(5_000)}0]`,
    () => `{${Array.from({ length: 2_000 }, (_, n) => `"${n}":null`).join()}}`,
  ])

export const oddValue = (dice: Dice): string => pick(dice, ODD)()

/** A message as the names and JSON texts of its members: a name may appear twice. */
export type Members = readonly (readonly [name: string, json: string])[]

export const membersOf = (message: object): Members =>
  Object.entries(message).map(([name, value]) => [name, JSON.stringify(value)])

export const jsonOf = (members: Members): string =>
  `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join()}}`

/** Replaces, removes or repeats some of the members. */
export const mutated = (members: Members, dice: Dice): Members => {
  const spoiled = dice() < 0.3 ? 0 : 1 + Math.floor(dice() * 3)
  let result = members
  for (let n = 0; n < spoiled; n++) {
    const at = Math.floor(dice() * result.length)
    const name = result[at]?.[0] ?? 'x'
    const way = dice()
    if (way < 0.7 && at < result.length) result = result.with(at, [name, oddValue(dice)])
    else if (way < 0.85) result = result.toSpliced(at, 1)
    else result = [...result, [dice() < 0.5 ? name : '__proto__', oddValue(dice)]]
  }
  return result
}

/** Bytes that are no message at all. */
export const garbage = (json: string, dice: Dice): Buffer => {
  const bytes = Buffer.from(json)
  switch (Math.floor(dice() * 6)) {
    case 0:
      return bytes.subarray(0, Math.floor(dice() * bytes.length))
    case 1:
      return Buffer.concat([bytes, Buffer.from([0xff, 0xfe, 0xc0])])
    case 2:
      return Buffer.from(Array.from({ length: Math.floor(dice() * 300) }, () => Math.floor(dice() * 256)))
    case 3:
      return Buffer.from(oddValue(dice))
    case 4:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])
    default:
      return Buffer.from(`{"a":"${'x'.repeat(dice() < 0.5 ? 1_000_000 : 1_100_000)}"}`)
  }
}

export const newId = (): string => randomUUID()

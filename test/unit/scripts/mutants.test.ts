import ts from 'typescript'
import { describe, expect, onTestFinished, test } from 'vitest'
import { apply, mutationsIn, sample } from '../../../scripts/mutants/mutations.mjs'
import { withCalls } from '../../../scripts/mutants/reached.mjs'

const SOURCE = `
export const f = async (timer: { cancel(): void }, items: number[]) => {
  if (items.length > 3) return 1
  timer.cancel()
  await Promise.resolve()
  return items.length === 0 && true
}
`

const changed = (what: RegExp) =>
  mutationsIn('a.ts', SOURCE)
    .filter((mutation) => what.test(mutation.what))
    .map((mutation) => apply(SOURCE, mutation))

describe('a change', () => {
  test.each([
    ['negates a condition', /condition negated/, /if \(!\(items\.length > 3\)\)/],
    ['removes an early return', /early return removed/, /if \(items\.length > 3\) ;/],
    ['drops an await', /await/, /^ {2}void \(Promise\.resolve\(\)\)/m],
    ['drops the cancel of a timer', /cancel/, /^(?![\s\S]*timer\.cancel\(\))/],
    ['swaps an operator', /operator/, /items\.length !== 0/],
    ['flips a boolean', /boolean/, /&& false/],
    ['changes a number', /number/, /items\.length > (?!3)\d/],
  ])('%s', (_, what, expected) => {
    expect(changed(what).some((text) => expected.test(text))).toBe(true)
  })

  test('is one at a time: each text differs from the source', () => {
    const texts = mutationsIn('a.ts', SOURCE).map((mutation) => apply(SOURCE, mutation))
    expect(texts.every((text) => text !== SOURCE)).toBe(true)
  })
})

test('the same seed draws the same changes, another seed others', () => {
  const all = Array.from({ length: 100 }, (_, n) => n)
  expect(sample(all, 10, 1)).toEqual(sample(all, 10, 1))
  expect(sample(all, 10, 2)).not.toEqual(sample(all, 10, 1))
  expect(new Set(sample(all, 10, 1)).size).toBe(10)
})

describe('the spots of changes', () => {
  /** Runs a module with a call at each spot. Returns what it exports, and the numbers of the spots that it reaches. */
  const run = async (source: string) => {
    const key = `reached by ${Math.random()}`
    const reached = new Set<number>()
    Object.assign(globalThis, { [key]: reached })
    onTestFinished(() => void Reflect.deleteProperty(globalThis, key))
    const urlOf = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
    const note = urlOf(
      `export const noteReached = (number) => globalThis[${JSON.stringify(key)}].add(number)`,
    )
    const mutations = mutationsIn('a.ts', source)
    const spots = mutations.flatMap(({ spot }, number) => (spot ? [{ number, spot }] : []))
    const module = ts.transpile(withCalls(source, spots, note), {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
    })
    const exported = await import(urlOf(module))
    return { exported, whatReached: () => [...reached].map((number) => mutations[number]?.code) }
  }

  test('are noted when they are reached, and the code does what it did', async () => {
    const source = `
      const calls = []
      const call = async (name, isFine = true) => {
        calls.push(name)
        if (!isFine) return 'never'
        return name
      }
      export const f = async (a) => {
        calls.push('f')
        await call(a)
        const b = a ?? 'none'
        if (b === 'stop' && calls.length > 1) return [b, calls]
        await call(await call('inner'))
        return [b, calls]
      }`
    const { exported, whatReached } = await run(source)
    expect(await exported.f('stop')).toEqual(['stop', ['f', 'stop']])
    const reached = whatReached()
    expect(reached).toEqual(
      expect.arrayContaining(['await call(a)', "a ?? 'none'", '1', 'return [b, calls]', 'true', '!isFine']),
    )
    for (const code of ["return 'never'", "await call('inner')"]) expect(reached).not.toContain(code)
    expect(await exported.f()).toEqual(['none', ['f', 'stop', 'f', undefined, 'inner', 'inner']])
    expect(whatReached()).toContain("await call('inner')")
  })

  test('a statement whose await is dropped is no argument of the line before', () => {
    const source = 'const f = async () => {\n  g()\n  await h()\n}'
    const [dropped] = mutationsIn('a.ts', source).filter(({ what }) => what === 'await dropped')
    expect(dropped && apply(source, dropped)).toContain('\n  void (h())')
  })
})

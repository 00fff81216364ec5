import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Slots } from '../../../src/execution/slots.js'

const filled = (slots: Slots<string>, ...types: (string | undefined)[]): void => {
  for (const type of types) {
    expect(slots.reserve()).toBe(true)
    slots.admit('filler', type)
  }
}

describe('slots', () => {
  test('a poll reserves a slot; the last one is given once', () => {
    const slots = new Slots({ global: 2, byType: {} })
    expect([slots.reserve(), slots.reserve(), slots.reserve()]).toEqual([true, true, false])
    slots.unreserve()
    expect(slots.reserve()).toBe(true)
  })

  test('a reserved slot is not a running task', () => {
    const slots = new Slots({ global: 1, byType: {} })
    slots.reserve()
    expect(slots.running).toBe(0)
    expect(slots.hasFree).toBe(true)
  })

  test('§1.4.9 a task whose type is full waits, and takes over the next slot of its type', () => {
    const slots = new Slots<string>({ global: 3, byType: { gpu: 1 } })
    filled(slots, 'gpu', 'cpu')
    slots.reserve()
    expect(slots.admit('late', 'gpu')).toBe(false)
    expect([slots.running, slots.waiting]).toEqual([2, 1])
    expect(slots.release('cpu')).toBeUndefined()
    expect(slots.release('gpu')).toBe('late')
    expect([slots.running, slots.waiting]).toEqual([1, 0])
    expect(slots.release('gpu')).toBeUndefined()
    expect(slots.running).toBe(0)
  })

  test('who waited longest goes first', () => {
    const slots = new Slots<string>({ global: 4, byType: { gpu: 1 } })
    filled(slots, 'gpu')
    for (const task of ['first', 'second']) {
      slots.reserve()
      slots.admit(task, 'gpu')
    }
    expect([slots.release('gpu'), slots.release('gpu')]).toEqual(['first', 'second'])
  })

  test('a type without a limit, or no type, has only the global one', () => {
    const slots = new Slots<string>({ global: 3, byType: { gpu: 1 } })
    filled(slots, 'cpu', 'cpu', undefined)
    expect(slots.hasFreeFor(undefined)).toBe(false)
    slots.release(undefined)
    expect([slots.hasFreeFor('cpu'), slots.hasFreeFor('gpu'), slots.hasFreeFor(undefined)]).toEqual([
      true,
      true,
      true,
    ])
  })

  test('a full type has no free slot while others have', () => {
    const slots = new Slots<string>({ global: 3, byType: { gpu: 1 } })
    filled(slots, 'gpu')
    expect([slots.hasFreeFor('gpu'), slots.hasFreeFor('cpu')]).toEqual([false, true])
  })

  test('a full line stops the fetching, though slots are free', () => {
    const slots = new Slots<string>({ global: 2, byType: { gpu: 1 } })
    filled(slots, 'gpu')
    slots.reserve()
    slots.admit('a', 'gpu')
    slots.reserve()
    slots.admit('b', 'gpu')
    expect(slots.waiting).toBe(2)
    expect(slots.hasFree).toBe(false)
    expect(slots.reserve()).toBe(false)
  })

  test('the lines can be emptied', () => {
    const slots = new Slots<string>({ global: 3, byType: { gpu: 1, cpu: 1 } })
    filled(slots, 'gpu', 'cpu')
    slots.reserve()
    slots.admit('late', 'gpu')
    expect(slots.takeQueued()).toEqual(['late'])
    expect(slots.waiting).toBe(0)
    expect(slots.release('gpu')).toBeUndefined()
    expect(slots.takeQueued()).toEqual([])
  })
})

describe('a held poll that has lent its slot', () => {
  test('lets another poll have it, but never more tasks run than there are slots', () => {
    const slots = new Slots<string>({ global: 1, byType: {} })
    expect([slots.reserve(), slots.reserve(), slots.reserve(1)]).toEqual([true, false, true])
    expect(slots.admit('a', undefined)).toBe(true)
    expect(slots.admit('b', undefined)).toBe(false)
    expect([slots.running, slots.waiting]).toEqual([1, 1])
    expect(slots.release(undefined)).toBe('b')
  })

  test('lends nothing while no slot is free', () => {
    const slots = new Slots<string>({ global: 1, byType: {} })
    slots.reserve()
    slots.reserve(1)
    slots.admit('a', undefined)
    expect(slots.reserve(1)).toBe(false)
  })

  test('leaves the slot to the first in the line whose type is not full', () => {
    const slots = new Slots<string>({ global: 2, byType: { gpu: 1 } })
    filled(slots, 'gpu')
    for (const lent of [0, 1, 2]) slots.reserve(lent)
    expect([slots.admit('gpu 2', 'gpu'), slots.admit('any', undefined)]).toEqual([false, true])
    expect(slots.admit('any 2', undefined)).toBe(false)
    expect(slots.release(undefined)).toBe('any 2')
    expect(slots.release('gpu')).toBe('gpu 2')
  })
})

type Step =
  | { readonly does: 'reserve' | 'borrow' | 'unreserve' | 'takeQueued' }
  | { readonly does: 'admit' | 'release'; readonly pick: number }

const stepOf = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ does: 'reserve' }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('admit' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('release' as const), pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ does: 'unreserve' }, { does: 'takeQueued' }, { does: 'borrow' }),
  },
)

const TYPES = [undefined, 'gpu', 'cpu', 'free'] as const

/** What is known from outside: the polls that are open, and where each admitted task is. */
class Model {
  open = 0
  /** How many polls were opened on a loan; from the first on, what comes may have to wait for a slot. */
  borrowed = 0
  admitted = 0
  readonly running: { readonly type: string | undefined; readonly task: number }[] = []
  waiting: { readonly type: string | undefined; readonly task: number }[] = []

  countOf(type: string): number {
    return this.running.filter((task) => task.type === type).length
  }
}

const admit = (slots: Slots<number>, model: Model, pick: number): void => {
  if (model.open === 0) return
  model.open--
  const entry = { type: TYPES[pick % TYPES.length], task: model.admitted++ }
  if (slots.admit(entry.task, entry.type)) model.running.push(entry)
  else model.waiting.push(entry)
}

const release = (slots: Slots<number>, model: Model, pick: number): void => {
  const [ended] = model.running.splice(pick % Math.max(1, model.running.length), 1)
  if (!ended) return
  const next = slots.release(ended.type)
  if (next === undefined) return
  const started = model.waiting.find(({ task }) => task === next)
  if (model.borrowed === 0) expect(started?.type).toBe(ended.type)
  model.waiting = model.waiting.filter((entry) => entry !== started)
  if (started) model.running.push(started)
}

const act = (slots: Slots<number>, model: Model, step: Step): void => {
  switch (step.does) {
    case 'reserve':
      if (slots.reserve()) model.open++
      return
    case 'borrow':
      if (model.open === 0 || !slots.reserve(1)) return
      model.open++
      model.borrowed++
      return
    case 'unreserve':
      if (model.open === 0) return
      model.open--
      slots.unreserve()
      return
    case 'admit':
      admit(slots, model, step.pick)
      return
    case 'release':
      release(slots, model, step.pick)
      return
    case 'takeQueued':
      expect(slots.takeQueued().sort()).toEqual(model.waiting.map(({ task }) => task).sort())
      model.waiting = []
  }
}

test('no limit is ever passed, no task is lost or doubled, whatever happens in whatever order', () => {
  const limit = fc.integer({ min: 1, max: 4 })
  fc.assert(
    fc.property(limit, limit, limit, fc.array(stepOf, { maxLength: 120 }), (global, gpu, cpu, steps) => {
      const slots = new Slots<number>({ global, byType: { gpu, cpu } })
      const model = new Model()
      for (const step of steps) {
        act(slots, model, step)
        expect([slots.running, slots.waiting]).toEqual([model.running.length, model.waiting.length])
        expect(model.running.length).toBeLessThanOrEqual(global)
        expect(model.running.length + model.open).toBeLessThanOrEqual(global + model.borrowed)
        expect(model.waiting.length + model.open).toBeLessThanOrEqual(global + model.borrowed)
        expect(model.countOf('gpu')).toBeLessThanOrEqual(gpu)
        expect(model.countOf('cpu')).toBeLessThanOrEqual(cpu)
      }
    }),
    { numRuns: 500 },
  )
})

import { expect, test } from 'vitest'
import { describeLoad } from '../../../../src/connections/heartbeat/describe-load.js'
import { HotCache } from '../../../../src/connections/heartbeat/hot-cache.js'
import { Slots } from '../../../../src/execution/slots.js'
import { Wake } from '../../../../src/utils/wake.js'

const definition = (name: string, taskType = name) => ({
  name,
  taskType,
  params: undefined,
  handler: () => {},
})

const setup = () => {
  const slots = new Slots<string>({ global: 3, byType: { gpu: 1 } })
  const hotCache = new HotCache({ paint: ['sd'] }, new Wake())
  const definitions = [definition('paint', 'gpu'), definition('draw', 'gpu'), definition('echo')]
  const occupy = (type?: string) => {
    slots.reserve()
    slots.admit('task', type)
  }
  const describe = (accepting = true) =>
    describeLoad({ definitions, slots, hotCache, tasksInHand: [], accepting })
  return { slots, hotCache, occupy, describe }
}

test('§1.3.3 an idle worker offers every task name', () => {
  expect(setup().describe()).toEqual({
    accepting: true,
    tasksInHand: [],
    load: 0,
    status: 'idle',
    taskNames: ['paint', 'draw', 'echo'],
    hotCache: [],
    skillDependencies: { paint: ['sd'] },
    hotSkills: [],
  })
})

test('§1.3.3 a full type takes its names away, §1.3.2 and what waits counts as load', () => {
  const { occupy, describe } = setup()
  occupy('gpu')
  expect(describe()).toMatchObject({ load: 1, status: 'idle', taskNames: ['echo'] })
  occupy('gpu')
  expect(describe()).toMatchObject({ load: 2, status: 'idle', taskNames: ['echo'] })
})

test('§1.3.3 without a free slot the worker is busy', () => {
  const { occupy, describe } = setup()
  for (const type of [undefined, undefined, undefined]) occupy(type)
  expect(describe()).toMatchObject({ load: 3, status: 'busy', taskNames: [] })
})

test('§1.7.1 a worker that takes nothing is busy, whatever its slots say', () => {
  expect(setup().describe(false)).toMatchObject({ load: 0, status: 'busy', taskNames: [] })
})

test('§1.3.5 the hot cache is part of it', () => {
  const { hotCache, describe } = setup()
  hotCache.add('sd')
  expect(describe()).toMatchObject({ hotCache: ['sd'], hotSkills: ['paint'] })
})

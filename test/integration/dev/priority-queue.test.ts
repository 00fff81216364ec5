import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PriorityQueue } from '../../../src/dev/queue/priority-queue.js'

it('gives back what a stable sort by falling priority gives, however pushes and pops are mixed', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ priority: fc.integer({ min: -3, max: 3 }) }) },
    { weight: 2, arbitrary: fc.constant('pop' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const queue = new PriorityQueue<number>()
      let model: { value: number; priority: number }[] = []
      for (const [value, what] of steps.entries()) {
        if (what === 'pop') expect(queue.pop()).toBe(model.shift()?.value)
        else {
          queue.push(value, what.priority)
          model = [...model, { value, priority: what.priority }].sort((a, b) => b.priority - a.priority)
        }
        expect(queue.size).toBe(model.length)
      }
      for (const { value } of model) expect(queue.pop()).toBe(value)
    }),
  )
})

import { expect, test } from 'vitest'
import { Events } from '../../src/events.js'

const DELIVERED = { taskId: 't', jobId: 'j' }

test('an event has a listener from the first one on until the last is gone', () => {
  const events = new Events(() => {})
  expect(events.has('resultDelivered')).toBe(false)
  const stops = [events.on('resultDelivered', () => {}), events.on('resultDelivered', () => {})]
  expect([events.has('resultDelivered'), events.has('taskStarted')]).toEqual([true, false])
  for (const stop of stops) stop()
  expect(events.has('resultDelivered')).toBe(false)
})

test('a listener that throws is told of, and the others are called', () => {
  const broken: unknown[] = []
  const events = new Events((name, error) => broken.push([name, error]))
  const heard: unknown[] = []
  events.on('resultDelivered', () => {
    throw new TypeError('no')
  })
  events.on('resultDelivered', (event) => heard.push(event))
  events.emit('resultDelivered', DELIVERED)
  expect(heard).toEqual([DELIVERED])
  expect(broken).toEqual([['resultDelivered', new TypeError('no')]])
})

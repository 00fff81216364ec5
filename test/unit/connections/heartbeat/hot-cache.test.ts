import { expect, test, vi } from 'vitest'
import { HotCache } from '../../../../src/connections/heartbeat/hot-cache.js'
import { Wake } from '../../../../src/utils/wake.js'

test('§1.3.5 a skill is hot once all of its models are loaded, until one goes', () => {
  const cache = new HotCache({ paint: ['sd', 'clip'], talk: ['llm'], rest: [], gone: [] }, new Wake())
  const skills = () => cache.skillsAmong(['paint', 'talk', 'rest'])
  expect(skills()).toEqual(['rest'])
  cache.add('sd')
  expect(skills()).toEqual(['rest'])
  cache.add('clip')
  cache.add('llm')
  expect(skills()).toEqual(['paint', 'talk', 'rest'])
  cache.remove('sd')
  expect(skills()).toEqual(['talk', 'rest'])
  expect(cache.models).toEqual(['clip', 'llm'])
})

test('§1.3.5 a skill without models is hot while its own name is in the cache', () => {
  const cache = new HotCache({ paint: ['sd'] }, new Wake())
  const skills = () => cache.skillsAmong(['paint', 'talk', 'constructor'])
  cache.add('paint')
  cache.add('unknown')
  expect(skills()).toEqual([])
  cache.add('talk')
  cache.add('constructor')
  expect(skills()).toEqual(['talk', 'constructor'])
  cache.remove('talk')
  expect(skills()).toEqual(['constructor'])
  expect(new HotCache({}, new Wake()).skillsAmong(['talk'])).toEqual([])
})

test('only what changes something is told', () => {
  const changed = vi.fn()
  const wake = new Wake()
  wake.listen(changed)
  const cache = new HotCache({}, wake)
  cache.add('sd')
  cache.add('sd')
  cache.remove('other')
  expect(changed).toHaveBeenCalledTimes(1)
  cache.remove('sd')
  expect(changed).toHaveBeenCalledTimes(2)
})

test('its methods can be passed on by themselves', () => {
  const { add, remove, ...cache } = new HotCache({}, new Wake())
  add('sd')
  remove('sd')
  expect(cache).toBeDefined()
})

import { expect, test } from 'vitest'
import { Bag } from '../../../src/utils/bag.js'

const thing = (name: string) => ({ name, place: -1 })
const namesIn = (bag: Bag<ReturnType<typeof thing>>) => [...bag].map(({ name }) => name).sort()

test('a bag holds what was put into it and not taken out, wherever that lay', () => {
  const bag = new Bag<ReturnType<typeof thing>>()
  const [a, b, c, d] = [thing('a'), thing('b'), thing('c'), thing('d')]
  for (const each of [a, b, c, d]) bag.add(each)
  bag.delete(b)
  expect(namesIn(bag)).toEqual(['a', 'c', 'd'])
  bag.delete(d)
  bag.delete(a)
  expect(namesIn(bag)).toEqual(['c'])
  expect(bag.size).toBe(1)
})

test('what is not in a bag, or no longer, can be taken out without harm', () => {
  const bag = new Bag<ReturnType<typeof thing>>()
  const [a, b] = [thing('a'), thing('b')]
  bag.add(a)
  bag.delete(b)
  bag.delete(a)
  bag.add(b)
  bag.delete(a)
  expect(namesIn(bag)).toEqual(['b'])
})

import { expect, test } from 'vitest'
import { StateError } from '../../../src/errors.js'
import { type Moves, States } from '../../../src/utils/states.js'

const MOVES: Moves<'shut' | 'open' | 'gone'> = { shut: ['open', 'gone'], open: ['shut'], gone: [] }

test('a state moves along the table, and tells each move', () => {
  const moves: string[] = []
  const door = new States('The door', 'shut', MOVES, (from, to) => moves.push(`${from} → ${to}`))
  expect(door.now).toBe('shut')
  door.move('open')
  door.move('shut')
  door.move('gone')
  expect(door.now).toBe('gone')
  expect(moves).toEqual(['shut → open', 'open → shut', 'shut → gone'])
})

test('a move that the table has not is refused, and changes and tells nothing', () => {
  const moves: string[] = []
  const door = new States('The door', 'open', MOVES, (from, to) => moves.push(`${from} → ${to}`))
  expect(() => door.move('gone')).toThrow(new StateError('The door is open and cannot become gone'))
  expect(() => door.move('open')).toThrow(StateError)
  expect(door.now).toBe('open')
  expect(moves).toEqual([])
})

test('what is told about a move sees the new state', () => {
  const door: States<'shut' | 'open' | 'gone'> = new States('The door', 'shut', MOVES, () =>
    expect(door.now).toBe('open'),
  )
  door.move('open')
  expect.assertions(1)
})

import { expect, test } from 'vitest'
import { AvtomatikaError } from '../../../src/errors.js'
import { TaskRegistry } from '../../../src/tasks/definition.js'

const definition = (name: string) => ({ name, taskType: undefined, params: undefined, handler: () => {} })

test('tasks are found by name, in the order of their registration', () => {
  const registry = new TaskRegistry()
  const echo = definition('echo')
  registry.add(echo)
  registry.add(definition('slow'))
  expect(registry.get('echo')).toMatchObject({ ...echo, taskType: 'echo' })
  expect(registry.get('constructor')).toBeUndefined()
  expect(registry.all().map(({ name }) => name)).toEqual(['echo', 'slow'])
})

test('a name is registered once', () => {
  const registry = new TaskRegistry()
  registry.add(definition('echo'))
  const twice = () => registry.add(definition('echo'))
  expect(twice).toThrow(AvtomatikaError)
  expect(twice).toThrow(
    expect.objectContaining({ code: 'DUPLICATE_TASK', message: expect.stringContaining('"echo"') }),
  )
})

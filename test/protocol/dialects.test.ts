import { describe, expect, test } from 'vitest'
import type { Identity, WireRequest } from '../../src/protocol/protocol.js'
import { protocolOf } from '../../src/protocol/select.js'
import { HEARTBEATS, REGISTRATIONS, RESULTS, UPDATES } from './messages.js'

const identity: Identity = {
  workerId: 'w1',
  token: 'worker-token-456',
  taskKey: undefined,
  clock: { nowMs: () => 0, toLocalMs: (ms) => ms },
  makeId: () => 'a-nonce',
}
const spoken = (dialect: Parameters<typeof protocolOf>[0]) => protocolOf(dialect, identity)
const bodyOf = ({ body = '' }: WireRequest) => JSON.parse(body)

const branches = [
  { taskId: 'branch-1', jobId: 'job-1' },
  { taskId: 'branch-2', jobId: 'job-1' },
]
const busyWithBranches = { ...HEARTBEATS['as captured'], tasksInHand: branches }
const tasksToldIn = (dialect: 'early' | 'rxon') =>
  bodyOf(spoken(dialect).writeHeartbeat(busyWithBranches, REGISTRATIONS['as captured'])).current_tasks

describe('flat', () => {
  const { writeResult } = spoken('flat')

  test.each(Object.entries(RESULTS))('§2.8.2 a result stands in both places: %s', (_, result) => {
    const classic = bodyOf(spoken('classic').writeResult(result))
    expect(bodyOf(writeResult(result))).toEqual({ ...classic, ...classic.result })
  })

  test('§2.8.2 one that would be longer than an orchestrator reads stands among the members only', () => {
    const data = (length: number) => ({ text: 'ü'.repeat(length / 2) })
    const bodyWith = (length: number) =>
      bodyOf(
        writeResult({
          ...RESULTS.success,
          outcome: { kind: 'value', status: 'success', data: data(length) },
        }),
      )
    expect(bodyWith(500_000)).toMatchObject({ data: data(500_000), result: { data: data(500_000) } })
    expect(bodyWith(600_000)).toMatchObject({ status: 'success', data: data(600_000) })
    expect(bodyWith(600_000)).not.toHaveProperty('result')
  })
})

describe('named', () => {
  test('§2.8.3 a registration is that of the first generation, with its skills by name', () => {
    const registration = REGISTRATIONS['without GPU and socket, with everything else']
    const { capabilities, ...classic } = bodyOf(spoken('classic').writeRegistration(registration))
    expect(bodyOf(spoken('named').writeRegistration(registration))).toEqual({
      ...classic,
      supported_skills: ['echo', 'slow'],
      capabilities: { ...bodyOf(spoken('rxon').writeRegistration(registration)).capabilities },
    })
    expect(capabilities).toEqual({ websockets: false })
  })

  test('§2.8.3 progress is that of the first generation, and there are no events', () => {
    const named = spoken('named')
    expect(named.writeProgress(UPDATES.half)).toBe(spoken('classic').writeProgress(UPDATES.half))
    expect(named).not.toHaveProperty('writeEvent')
    expect(named).not.toHaveProperty('postEvent')
    expect(named).not.toHaveProperty('readEvent')
  })
})

test('§2.8.4 a heartbeat names the jobs in hand, and the tasks only where that cancels none of them', () => {
  expect(tasksToldIn('early')).toEqual(['job-1'])
  expect(tasksToldIn('rxon')).toEqual(['branch-1', 'job-1', 'branch-2'])
})

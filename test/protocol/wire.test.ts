import { describe, expect, test } from 'vitest'
import { classic } from '../../src/protocol/classic/classic.js'
import type { Protocol, WireAnswer, WireRequest } from '../../src/protocol/protocol.js'
import { frozenRxon } from './frozen-rxon.js'
import {
  type GoldenExchange,
  type GoldenReading,
  goldenExchange,
  goldenSocket,
  wireAnswer,
} from './golden.js'
import { HEARTBEATS, REGISTRATIONS, RESULTS, UPDATES } from './messages.js'

/** Every generation says the same things; its golden files have how. */
const GENERATIONS: readonly Protocol[] = [classic, frozenRxon()]

const asGolden = ({ body, ...request }: WireRequest) => ({
  ...request,
  ...(body !== undefined && { body: JSON.parse(body) }),
})

const expectReading = (golden: GoldenReading, read: () => unknown): void => {
  if (!golden.throws) {
    expect(read()).toEqual(golden.gives === 'nothing' ? undefined : golden.gives)
    return
  }
  const { says, ...members } = golden.throws
  expect(read).toThrow(expect.objectContaining({ ...members, message: expect.stringContaining(says) }))
}

const testExchange = (
  golden: GoldenExchange,
  written: Readonly<Record<string, WireRequest>>,
  read: (answer: WireAnswer) => unknown,
): void => {
  test('has a golden request for each message, and no other', () => {
    expect(Object.keys(golden.written).sort()).toEqual(Object.keys(written).sort())
  })
  test.each(Object.entries(written))('writes: %s', (name, request) => {
    expect(asGolden(request)).toEqual(golden.written[name])
  })
  test.each(Object.entries(golden.read))('reads: %s', (_name, { answer, ...reading }) => {
    expectReading(reading, () => read(wireAnswer(answer)))
  })
}

const eachOf = <T>(messages: Readonly<Record<string, T>>, write: (message: T) => WireRequest) =>
  Object.fromEntries(Object.entries(messages).map(([name, message]) => [name, write(message)]))

describe.each(GENERATIONS)('the $generation wire', (protocol) => {
  const { generation } = protocol

  describe('registration, §1.2.1 §1.2.2 §1.2.3 §1.2.4', () => {
    testExchange(
      goldenExchange(generation, 'registration'),
      eachOf(REGISTRATIONS, protocol.writeRegistration),
      protocol.readRegistration,
    )
  })

  describe('heartbeat, §1.3.1', () => {
    testExchange(
      goldenExchange(generation, 'heartbeat'),
      eachOf(HEARTBEATS, (heartbeat) => protocol.writeHeartbeat(heartbeat, REGISTRATIONS['as captured'])),
      protocol.readHeartbeat,
    )
  })

  describe('poll, §1.1.3 §1.4.1 §1.4.2', () => {
    testExchange(
      goldenExchange(generation, 'poll'),
      { w1: protocol.writePoll('w1'), 'a/b ü': protocol.writePoll('a/b ü') },
      protocol.readPoll,
    )
  })

  describe('result, §1.5.1 §1.5.2 §1.5.3 §1.5.4 §1.5.7', () => {
    testExchange(
      goldenExchange(generation, 'result'),
      eachOf(RESULTS, protocol.writeResult),
      protocol.readResult,
    )
  })

  describe('socket, §1.6.2 §1.6.3', () => {
    const golden = goldenSocket(generation)

    test.each(Object.entries(golden.path))('lies at the path of %s', (workerId, path) => {
      expect(protocol.socketPath(workerId)).toBe(path)
    })

    test.each(Object.entries(UPDATES))('writes progress: %s', (name, update) => {
      expect(JSON.parse(protocol.writeProgress(update))).toEqual(golden.progress[name])
    })

    test.each(Object.entries(golden.commands))('reads: %s', (_name, { text, ...reading }) => {
      expectReading(reading, () => protocol.readCommand(text))
    })
  })
})

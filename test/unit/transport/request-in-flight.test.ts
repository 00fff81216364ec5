import type { UnreachableError } from 'avtomatika-worker'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CancelGroup } from '../../../src/transport/cancel-group.js'
import {
  type HttpRequest,
  type HttpResponse,
  RequestInFlight,
} from '../../../src/transport/request-in-flight.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

type Controller = Parameters<RequestInFlight['onRequestStart']>[0]

/** A request on its way, with what became of it. */
const setUp = (more: Partial<HttpRequest> = {}, areTrusted = false) => {
  const timeouts: number[] = []
  const connections = {
    url: 'http://o',
    via: '',
    timedOut: (sentMs: number) => timeouts.push(sentMs),
    areTrusted: () => areTrusted,
  }
  const results: (HttpResponse | UnreachableError)[] = []
  const settle = (result: HttpResponse | UnreachableError) => results.push(result)
  const aborts: Error[] = []
  const controller = { abort: (error: Error) => aborts.push(error) } as unknown as Controller
  const options = { method: 'GET', path: '/x', deadlineMs: 5_000, ...more } as const
  const request = new RequestInFlight(connections, options, settle, settle)
  request.onRequestStart(controller)
  const respond = () => {
    request.onResponseStart(controller, 200, {})
    request.onResponseEnd()
  }
  return { request, controller, results, aborts, timeouts, respond }
}

/** Lets this process be blocked for so long: the clock moves, no timer runs. */
const block = (ms: number): void => {
  const nowMs = performance.now()
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs + ms)
}

const message = ([result]: (HttpResponse | UnreachableError)[]) => (result as UnreachableError).message

describe('the deadline', () => {
  test('is not early, and fails the request', () => {
    const { results, aborts, timeouts } = setUp()
    vi.advanceTimersByTime(4_999)
    expect([results, aborts, timeouts]).toEqual([[], [], []])
    vi.advanceTimersByTime(1)
    expect(message(results)).toBe('GET http://o/x timed out: no complete response after 5000 ms')
    expect([aborts.length, timeouts.length]).toEqual([1, 1])
  })

  test('ends with the response', () => {
    const { results, timeouts, respond } = setUp()
    respond()
    vi.advanceTimersByTime(60_000)
    expect(results).toEqual([{ status: 200, text: '', headers: {} }])
    expect(timeouts).toEqual([])
  })

  test('ends with an error', () => {
    const { request, controller, results } = setUp()
    request.onResponseError(controller, new Error('reset'))
    vi.advanceTimersByTime(60_000)
    expect(results).toHaveLength(1)
    expect(message(results)).toBe('GET http://o/x failed: reset')
  })

  test('ends with a cancel', () => {
    const cancelGroup = new CancelGroup()
    const { results, timeouts } = setUp({ cancelGroup })
    cancelGroup.cancelAll()
    expect(message(results)).toBe('GET http://o/x was canceled')
    expect(vi.getTimerCount()).toBe(0)
    expect(timeouts).toEqual([])
  })

  test('of a request that is canceled from the start ends at once', () => {
    const cancelGroup = new CancelGroup()
    cancelGroup.cancelAll()
    const { results, aborts } = setUp({ cancelGroup })
    expect(vi.getTimerCount()).toBe(0)
    expect([results.length, aborts.length]).toEqual([1, 1])
  })

  test('is extended once while the connections are trusted', () => {
    const { results } = setUp({ extraHoldMs: 30_000 }, true)
    vi.advanceTimersByTime(34_999)
    expect(results).toEqual([])
    vi.advanceTimersByTime(1)
    expect(message(results)).toContain('after 35000 ms')
  })

  test('that was extended ends with the response too', () => {
    const { results, respond } = setUp({ extraHoldMs: 30_000 }, true)
    vi.advanceTimersByTime(20_000)
    respond()
    expect(vi.getTimerCount()).toBe(0)
    expect(results).toMatchObject([{ status: 200 }])
  })

  test('is not extended on connections that are not trusted', () => {
    const { results } = setUp({ extraHoldMs: 30_000 }, false)
    vi.advanceTimersByTime(5_000)
    expect(message(results)).toContain('after 5000 ms')
  })
})

describe('after a block of this process', () => {
  test('the response has a second to be read', () => {
    const { results, timeouts, respond } = setUp()
    block(5_300)
    vi.advanceTimersByTime(5_000)
    vi.advanceTimersByTime(999)
    expect(results).toEqual([])
    respond()
    vi.advanceTimersByTime(60_000)
    expect(results).toMatchObject([{ status: 200 }])
    expect(timeouts).toEqual([])
  })

  test('a request without a response fails a second later', () => {
    const { results } = setUp()
    block(5_300)
    vi.advanceTimersByTime(5_999)
    expect(results).toEqual([])
    vi.advanceTimersByTime(1)
    expect(message(results)).toContain('timed out')
  })
})

test('a request leaves its cancel group when it is over: the group does not grow', () => {
  const cancelGroup = new CancelGroup()
  const { request, respond } = setUp({ cancelGroup })
  const cancel = vi.spyOn(request, 'cancel')
  respond()
  cancelGroup.cancelAll()
  expect(cancel).not.toHaveBeenCalled()
})

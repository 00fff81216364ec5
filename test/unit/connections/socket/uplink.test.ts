import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Uplink } from '../../../../src/connections/socket/uplink.js'
import { linesOf } from '../../../support/log-lines.js'

/** An uplink without a socket, and the requests it makes. */
const setUp = () => {
  const { logger, lines } = linesOf()
  const requests: { text: string; end: (error?: Error) => void }[] = []
  const limit = { quietMs: 0 }
  const orchestrator = {
    url: 'http://o',
    protocol: {
      writeEvent: ({ name }: { name: string }) => name,
      writeProgress: ({ taskId, progress }: { taskId: string; progress: number }) => {
        if (Number.isNaN(progress)) throw new TypeError('no number')
        return `${taskId} ${progress}`
      },
    },
    postEvent: (text: string) =>
      new Promise<void>((resolve, reject) => {
        requests.push({ text, end: (error) => (error ? reject(error) : resolve()) })
      }),
    limits: { quietMs: () => limit.quietMs, isLimited: () => false },
  }
  const uplink = new Uplink(orchestrator, undefined, logger)
  const report = (taskId: string, progress: number) =>
    uplink.progress({ taskId, jobId: 'j', progress, message: '', tracingContext: {} })
  const emit = (name: string) =>
    uplink.emit({ taskId: 't', jobId: 'j', name, payload: {}, tracingContext: {} })
  const endAll = async (error?: Error) => {
    for (const { end } of requests) end(error)
    await settled()
  }
  return {
    uplink,
    requests,
    limit,
    lines,
    report,
    emit,
    endAll,
    sent: () => requests.map(({ text }) => text),
  }
}

const settled = () => new Promise(setImmediate)

describe('events over HTTP', () => {
  test('go four at a time, in order', async () => {
    const { emit, requests, sent, endAll } = setUp()
    for (let n = 0; n < 10; n++) emit(`e${n}`)
    expect(sent()).toEqual(['e0', 'e1', 'e2', 'e3'])
    requests[1]?.end()
    await settled()
    expect(sent()).toEqual(['e0', 'e1', 'e2', 'e3', 'e4'])
    for (let round = 0; round < 4; round++) await endAll()
    expect(sent()).toEqual(Array.from({ length: 10 }, (_, n) => `e${n}`))
  })

  test('that wait are a thousand at most; the log tells of the others', async () => {
    const { emit, lines, sent } = setUp()
    for (let n = 0; n < 1_006; n++) emit(`e${n}`)
    expect(sent()).toHaveLength(4)
    expect(lines.all.map(({ level, fields }) => [level, fields['event']])).toEqual([
      ['warn', 'e1004'],
      ['debug', 'e1005'],
    ])
  })

  test('that fail are logged, loudly once for each reason', async () => {
    const { emit, lines, endAll } = setUp()
    for (const reason of ['down', 'down', 'gone', undefined, 'gone']) {
      emit('e')
      await endAll(reason === undefined ? undefined : new Error(reason))
    }
    expect(lines.all.map(({ level, fields }) => [level, String(fields['err'])])).toEqual([
      ['warn', 'Error: down'],
      ['debug', 'Error: down'],
      ['warn', 'Error: gone'],
      ['warn', 'Error: gone'],
    ])
  })

  test('that wait are dropped when a rate limit begins', async () => {
    const { emit, limit, requests, sent, lines, endAll } = setUp()
    for (let n = 0; n < 10; n++) emit(`e${n}`)
    limit.quietMs = 60_000
    requests[0]?.end(new Error('429'))
    await settled()
    emit('later')
    const logged = lines.all.map(({ level, fields }) => `${level} ${fields['event']} ${fields['err']}`)
    expect(logged).toEqual([
      'warn e0 Error: 429',
      'warn e4 Error: The rate limit of the orchestrator lasts',
      ...['e5', 'e6', 'e7', 'e8', 'e9', 'later'].map(
        (event) => `debug ${event} Error: The rate limit of the orchestrator lasts`,
      ),
    ])
    limit.quietMs = 0
    await endAll()
    expect(sent()).toHaveLength(4)
    emit('after')
    expect(sent().at(-1)).toBe('after')
  })

  test('are dropped at the end of the worker', async () => {
    const { uplink, emit, report, sent, endAll } = setUp()
    for (let n = 0; n < 10; n++) emit(`e${n}`)
    uplink.close()
    await endAll()
    emit('later')
    report('t', 1)
    expect(sent()).toHaveLength(4)
  })
})

describe('progress over HTTP', () => {
  test('waits while four requests are in flight, the newest of each task', async () => {
    const { uplink, emit, report, requests, sent, endAll } = setUp()
    for (let n = 0; n < 4; n++) emit(`e${n}`)
    for (const progress of [0.1, 0.2, 0.3]) for (const task of ['a', 'b']) report(task, progress)
    expect(sent()).toHaveLength(4)
    requests[0]?.end()
    await settled()
    expect(sent().slice(4)).toEqual(['a 0.3'])
    await endAll()
    expect(sent().slice(4)).toEqual(['a 0.3', 'b 0.3'])
    uplink.close()
  })

  test('that cannot be written is logged and harms nothing', () => {
    const { uplink, report, sent, lines } = setUp()
    expect(() => report('t', Number.NaN)).not.toThrow()
    expect(() => uplink.settle('t')).not.toThrow()
    report('t', 0.5)
    expect(sent()).toEqual(['t 0.5'])
    expect(lines.all.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'Progress not sent: it cannot be written'],
    ])
    uplink.close()
  })

  test('after a rate limit begins with the next report, not with what was reported meanwhile', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { uplink, limit, report, sent } = setUp()
    limit.quietMs = 60_000
    for (let n = 0; n < 100; n++) report(`t${n}`, 0.1)
    vi.advanceTimersByTime(60_000)
    limit.quietMs = 0
    expect(sent()).toEqual([])
    report('t1', 0.2)
    expect(sent()).toEqual(['t1 0.2'])
    uplink.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

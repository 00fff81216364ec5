import { describe, expect, it, vi } from 'vitest'
import { rawWorker, start } from './raw.js'

const limited = async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const orchestrator = await start({ rateLimit: { requests: 2, windowMs: 1_000 } })
  return { orchestrator, worker: rawWorker(orchestrator) }
}

describe('the rate limit', () => {
  it('refuses what is too much for a worker and a path', async () => {
    const { orchestrator, worker } = await limited()
    const statuses = [await worker.heartbeat(), await worker.heartbeat(), await worker.heartbeat()]
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 429])
    expect(statuses[2]?.body).toEqual({ error: 'Too Many Requests' })
    expect(statuses[2]?.headers).not.toHaveProperty('retry-after')
    expect((await worker.register()).status).toBe(200)
    expect((await rawWorker(orchestrator, 'w2').heartbeat()).status).toBe(404)
  })

  it('counts the socket too', async () => {
    const { worker } = await limited()
    await worker.socket()
    await worker.socket()
    await expect(worker.socket()).rejects.toThrow('HTTP 429 {"error":"Too Many Requests"}')
  })

  it('does not count what has no good token', async () => {
    const { orchestrator, worker } = await limited()
    const stranger = rawWorker(orchestrator, 'w1', 'wrong')
    for (let n = 0; n < 3; n++) expect((await stranger.heartbeat()).status).toBe(401)
    expect((await worker.heartbeat()).status).toBe(404)
  })

  it('is pushed back by every request, and over after a quiet window', async () => {
    const { worker } = await limited()
    await worker.heartbeat()
    await worker.heartbeat()
    for (let n = 0; n < 3; n++) {
      vi.advanceTimersByTime(900)
      expect((await worker.heartbeat()).status).toBe(429)
    }
    vi.advanceTimersByTime(1_001)
    expect((await worker.heartbeat()).status).toBe(404)
  })
})

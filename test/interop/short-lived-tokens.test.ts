import { expect, onTestFinished, test, vi } from 'vitest'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { createJob, waitForJob, waitForWorker } from '../support/interop/production-orchestrator.js'
import { MODES, prepare, startOverTls, startResizer } from '../support/interop/production-setup.js'
import type { RedisServer } from '../support/interop/redis-server.js'
import { canCertify } from '../support/tls/certificates.js'

/** How many short-lived tokens there are, by what the orchestrator keeps. */
const countTokens = async ({ command }: RedisServer): Promise<number> => {
  const script = "return #redis.call('KEYS', 'orchestrator:sts:token:*')"
  return Number(await command('EVAL', script, '0'))
}

const forgetTokens = ({ command }: RedisServer, kind: 'token' | 'refresh') =>
  command(
    'EVAL',
    `for _, key in ipairs(redis.call('KEYS', 'orchestrator:sts:${kind}:*')) do redis.call('DEL', key) end return 1`,
    '0',
  )

test.each(MODES)(
  '§3.2.3 in the mode $mode, let in by $shows, a worker with short-lived tokens renews them and outlives their loss',
  async ({ mode, shows }) => {
    const prepared = await prepare()
    if (typeof prepared === 'string' || !canCertify()) return expect(mayNotSkip()).toBe(false)
    const { redis } = prepared
    const { orchestrator, paths } = await startOverTls(prepared, mode, shows)
    const variables = { ...paths, WORKER_USE_STS: true, HEARTBEAT_INTERVAL: 0.2 }
    await startResizer({ ORCHESTRATOR_URL: orchestrator.url, ...variables })
    await waitForWorker(orchestrator, 'resizer')
    const work = async (source: string) => {
      const id = await createJob(orchestrator, { source })
      expect(await waitForJob(orchestrator, id)).toMatchObject({ resized: source })
    }
    expect(await countTokens(redis)).toBe(1)

    // The worker's clock moves on; the orchestrator's does not. No task has run yet: the worker would take the jump for a
    // handler that blocked it, and say that it is busy.
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    vi.advanceTimersByTime(50 * 60_000)
    await eventually('the token is refreshed', async () => (await countTokens(redis)) === 2)
    await orchestrator.child.says(/Token refreshed for worker resizer/)
    vi.useRealTimers()
    await work('a.jpg')

    await forgetTokens(redis, 'token')
    await forgetTokens(redis, 'refresh')
    await work('b.jpg')
    // A certificate is not looked at together with a token.
    expect(await countTokens(redis)).toBe(shows === 'a token' ? 1 : 0)
  },
)

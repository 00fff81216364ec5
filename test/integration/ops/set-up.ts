import { onTestFinished } from 'vitest'
import { compiledProgram } from '../../support/compiled-program.js'
import { Child } from '../../support/interop/child-process.js'
import { eventually } from '../../support/interop/eventually.js'
import { freePort } from '../../support/interop/free-port.js'
import { opsText } from '../../support/ops-files.js'
import { Prometheus } from '../../support/prometheus.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'

/** How long a minute of the rules lasts, in ms. */
const MINUTE_MS = 500

/** The rules at another pace: every duration in them is shorter in the same proportion. */
const quickRules = (): string => {
  const ms = (amount: string, unit: string) => Number(amount) * (unit === 'h' ? 60 : 1) * MINUTE_MS
  const quick = opsText('alerts.yml')
    .replaceAll(/(?<=for: |\[)(\d+)([mh])/g, (_all, amount, unit) => `${ms(amount, unit)}ms`)
    .replaceAll(/> 300$/gm, `> ${ms('5', 'm') / 1_000}`)
  if (/(for: |\[)\d+[mh]\b|> 300\b/.test(quick)) throw new Error('A duration of the rules is not known here')
  return quick
}

/**
 * One Prometheus server with the alerts, for the tests of one file. It knows the ports of their workers beforehand, because
 * it takes seconds to notice new ones.
 */
export const watching = async (workers: number) => {
  const ports: number[] = []
  while (ports.length < workers) {
    const port = await freePort()
    if (!ports.includes(port)) ports.push(port)
  }
  const prometheus = await Prometheus.start({ ports, rules: quickRules() })
  return {
    prometheus,
    /** A port for the health server of a worker. */
    nextPort: (): number => {
      const port = ports.pop()
      if (port === undefined) throw new Error('There are more workers than announced')
      return port
    },
  }
}

type Setup = Omit<Parameters<typeof testWorker>[0], 'url'>

/** A real worker whose health server uses this port. */
export const servedWorker = (url: string, port: number, { variables, ...options }: Setup = {}) => {
  const made = testWorker({
    url,
    ...options,
    variables: {
      HEARTBEAT_INTERVAL: 1,
      WORKER_PORT: port,
      WORKER_STATE_DIR: temporaryFolder(),
      RESULT_RETRY_INITIAL_DELAY: 0.05,
      TASK_POLL_ERROR_DELAY: 0.05,
      ...variables,
    },
  })
  return {
    ...made,
    /** Starts the worker. Resolves when Prometheus has scraped it twice: an increase needs a sample before it. */
    serve: async (prometheus: Prometheus): Promise<void> => {
      const running = made.worker.runWithHealthCheck()
      onTestFinished(async () => {
        await made.worker.stop({ pollGraceMs: 0 })
        await running
      })
      await made.said('Health server listens')
      await scraped(prometheus, port)
    },
  }
}

const scraped = async (prometheus: Prometheus, port: number): Promise<void> => {
  const scrapes = `count_over_time(avtomatika_worker_info{instance="127.0.0.1:${port}"}[1m])`
  await eventually('two scrapes', async () => {
    const [answer] = await prometheus.query(scrapes)
    return Number(answer?.value[1]) >= 2
  })
}

/** A worker in a process of its own, which Prometheus has scraped. Resolves with the id of the process. */
export const workerProcess = async (url: string, port: number, prometheus: Prometheus): Promise<number> => {
  const program = compiledProgram(new URL('worker.child.ts', import.meta.url))
  const child = new Child(process.execPath, [program], {
    env: {
      ...process.env,
      ORCHESTRATOR_URL: url,
      ORCHESTRATOR_PROTOCOL: 'classic',
      WORKER_ID: 'child',
      WORKER_PORT: String(port),
      WORKER_STATE_DIR: temporaryFolder(),
    },
  })
  onTestFinished(() => child.end('SIGKILL'))
  const [, pid] = await child.says(/^pid (\d+)$/m)
  await scraped(prometheus, port)
  return Number(pid)
}

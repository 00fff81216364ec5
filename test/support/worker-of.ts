import { Worker, WorkerConfig, type WorkerEvents, type WorkerOptions } from 'avtomatika-worker'
import { onTestFinished } from 'vitest'
import { withAnyTask } from './any-task.js'
import { Inbox } from './inbox.js'
import { linesOf } from './log-lines.js'

type Variables = NonNullable<ConstructorParameters<typeof WorkerConfig>[0]>

interface Setup extends Omit<WorkerOptions, 'config' | 'logger'> {
  readonly variables?: Variables
}

/** A worker with a socket, for one test, which stops it; what it logs can be read. */
export const workerOf = (url: string, { variables, ...options }: Setup = {}) => {
  const config = new WorkerConfig({
    WORKER_ID: 'w1',
    WORKER_TOKEN: 'secret-of-w1',
    ORCHESTRATOR_URL: url,
    // Its server is one of the first generation.
    ORCHESTRATOR_PROTOCOL: 'classic',
    WORKER_ENABLE_WEBSOCKETS: true,
    ...variables,
  })
  const { logger, lines } = linesOf()
  const worker = withAnyTask(new Worker({ ...options, config, logger }))
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  return { worker, lines }
}

/** What happens in a worker from now on, under one name. */
export const eventsOf = <E extends keyof WorkerEvents>(worker: Worker, name: E): Inbox<WorkerEvents[E]> => {
  const inbox = new Inbox<WorkerEvents[E]>()
  worker.on(name, (event) => inbox.put(event))
  return inbox
}

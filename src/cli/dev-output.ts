import type { DevOrchestrator, Job } from '../dev/index.js'

/** Which tokens were given; what was given is never shown. */
interface GivenTokens {
  readonly workerToken?: string
  readonly clientToken?: string
}

/** Where the orchestrator is, and how to use it. */
export const welcome = (url: string, { workerToken, clientToken }: GivenTokens): string[] => {
  const token = workerToken === undefined ? '' : ' WORKER_TOKEN=…'
  const client = clientToken === undefined ? 'dev-client-token' : '…'
  return [
    `An orchestrator for development listens on ${url}`,
    'It is in memory: nothing of it survives. Ctrl-C ends it.',
    '',
    'A worker for it:',
    `  ORCHESTRATOR_URL=${url}${token} npx avtomatika-worker run worker.js`,
    'A job for the worker:',
    `  curl ${url}/api/v1/jobs/one_task -H 'X-Avtomatika-Token: ${client}' \\`,
    `    -d '{"initial_data": {"type": "hello", "params": {"name": "you"}}}'`,
    'All workers and jobs, in a browser:',
    `  ${url}/?token=${client}`,
    '',
  ]
}

/** Tells of each worker that comes, with the generation it speaks, and each job that ends. */
export const narrate = (orchestrator: DevOrchestrator, say: (line: string) => void): void => {
  const known = new Set<string>()
  orchestrator.on('worker', ({ workerId, taskNames, generation }) => {
    const worker = `worker ${workerId} (${generation})`
    if (known.has(worker)) return
    known.add(worker)
    say(`${worker} offers ${taskNames.join(', ') || 'nothing'}`)
  })
  orchestrator.on('job', (job) => {
    const end = endOf(job)
    if (end) say(`job ${job.id} (${job.task}): ${end}`)
  })
}

const endOf = ({ status, state, errorMessage }: Job): string | undefined => {
  if (status === 'failed' || status === 'quarantined')
    return `${status}: ${errorMessage ?? 'no reason given'}`
  if (status === 'finished' || status === 'cancelled') return status
  return status === 'running' && state !== 'start' ? state : undefined
}

import type { DevOrchestrator, Job, OrchestratorOptions } from '../dev/index.js'

type Tokens = Pick<OrchestratorOptions, 'workerToken' | 'clientToken'>

/** Returns the lines with the address of the orchestrator and the commands to use it. Tokens of the user are not shown. */
export const startupLines = (url: string, { workerToken, clientToken }: Tokens): string[] => {
  const token = workerToken === undefined ? '' : ' WORKER_TOKEN=…'
  const client = clientToken === undefined ? 'dev-client-token' : '…'
  return [
    `The development orchestrator listens on ${url}`,
    'It keeps everything in memory. Press Ctrl-C to stop it.',
    '',
    'Start a worker:',
    `  ORCHESTRATOR_URL=${url}${token} npx avtomatika-worker run worker.js`,
    'Create a job:',
    `  curl ${url}/api/v1/jobs/one_task -H 'X-Avtomatika-Token: ${client}' \\`,
    `    -d '{"initial_data": {"type": "hello", "params": {"name": "you"}}}'`,
    'Watch workers and jobs in a browser:',
    `  ${url}/?token=${client}`,
    '',
  ]
}

/** Prints a line for each new worker, with its generation of the protocol, and for each job that ends. */
export const printEvents = (orchestrator: DevOrchestrator): void => {
  const known = new Set<string>()
  orchestrator.on('worker', ({ workerId, taskNames, generation }) => {
    const worker = `worker ${workerId} (${generation})`
    if (known.has(worker)) return
    known.add(worker)
    console.log(`${worker} offers ${taskNames.join(', ') || 'no tasks'}`)
  })
  orchestrator.on('job', (job) => {
    const end = endOf(job)
    if (end) console.log(`job ${job.id} (${job.task}): ${end}`)
  })
}

const endOf = ({ status, state, errorMessage }: Job): string | undefined => {
  if (status === 'failed' || status === 'quarantined')
    return `${status}: ${errorMessage ?? 'no reason given'}`
  if (status === 'finished' || status === 'cancelled') return status
  return status === 'running' && state !== 'start' ? state : undefined
}

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { expect, onTestFinished, test } from 'vitest'
import { SEED, seededDice } from '../support/chaos/dice.js'
import { CLIENT_TOKEN } from '../support/chaos/fuzz-messages.js'
import { Fuzzer } from '../support/chaos/fuzzer.js'
import { eventually } from '../support/interop/eventually.js'

/** `FUZZ_MESSAGES=100000` is the whole of it. */
const MESSAGES = Number(process.env['FUZZ_MESSAGES'] ?? 5_000)
const CHILD = fileURLToPath(new URL('../support/chaos/dev-orchestrator.child.ts', import.meta.url))
/** The orchestrator dies above it. */
const HEAP_MB = 400

interface State {
  readonly warnings: string[]
  readonly longestBlockMs: number
  readonly megabytes: number
  readonly jobs: number
}

const startChild = async () => {
  const child = fork(CHILD, [], {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const died = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the orchestrator ended: ${code ?? signal}`)
  })
  died.catch(() => {})
  const hear = async () => (await Promise.race([once(child, 'message'), died]))[0]
  const state = (): Promise<State> => {
    child.send('state')
    return hear()
  }
  return { address: (await hear()) as { url: string; port: number }, state, died }
}

const doesJob = async (url: string, ORCHESTRATOR_PROTOCOL: 'classic' | 'rxon') => {
  const WORKER_ID = `good-${ORCHESTRATOR_PROTOCOL}`
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: url,
    ORCHESTRATOR_PROTOCOL,
    WORKER_ID,
    LOG_LEVEL: 'silent',
  })
  const worker = new Worker({ config }).task(WORKER_ID, ({ n }) => ({ n }))
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  await worker.start()
  const headers = { 'x-avtomatika-token': CLIENT_TOKEN }
  const body = JSON.stringify({ initial_data: { type: WORKER_ID, params: { n: 7 } } })
  const created = await fetch(`${url}/api/v1/jobs/one_task`, { method: 'POST', headers, body })
  const { job_id } = (await created.json()) as { job_id: string }
  const job = async () =>
    (await fetch(`${url}/api/v1/jobs/${job_id}`, { headers })).json() as Promise<{ state_history: object }>
  await eventually(`the job of ${WORKER_ID} is done`, async () => 'n' in (await job()).state_history, {
    deadlineMs: 30_000,
  })
}

test(`the embedded orchestrator survives ${MESSAGES} messages, and goes on working (SEED=${SEED})`, async () => {
  const { address, state, died } = await startChild()
  const fuzzer = new Fuzzer(address, seededDice(SEED))
  onTestFinished(() => fuzzer.close())
  await Promise.race([fuzzer.send(MESSAGES), died])
  for (const generation of ['classic', 'rxon'] as const) await doesJob(address.url, generation)
  const { warnings, ...figures } = await state()
  console.log(JSON.stringify({ messages: MESSAGES, ...figures, ...fuzzer.counts }))
  expect(warnings).toEqual([])
  // Most messages are understood: the fuzzer reaches what is behind the checks.
  expect(fuzzer.counts['http 200']).toBeGreaterThan(MESSAGES / 20)
}, 1_800_000)

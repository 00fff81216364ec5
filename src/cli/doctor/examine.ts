import { secretsIn } from '../../orchestrators/target.js'
import type { Settings } from '../../settings.js'
import { redactedJson } from '../../utils/redacted-json.js'
import { Redactor } from '../../utils/redactor.js'
import { within } from '../../utils/time.js'
import { examineConfiguration, type ShownVariable } from './configuration.js'
import { type Check, type Examined, type Finding, found, ranked, together } from './finding.js'
import { examineJobs } from './jobs.js'
import { examineNode, examineStateDir, examineTaskFilesDir } from './machine.js'
import { examineOrchestrator } from './orchestrator.js'
import { examineStore } from './store.js'
import { examineWorker } from './worker.js'

/** The result of the whole examination. `doctor --json` prints it. */
export interface Report {
  /** Whether there is no error. Warnings may remain. */
  readonly ok: boolean
  /** The faults, the most decisive first. */
  readonly findings: readonly Finding[]
  readonly checks: readonly Check[]
  readonly configuration: readonly ShownVariable[]
}

/** The longest time for one step, in ms. All steps but the worker run at the same time. */
const STEP_MS = 4_400

/**
 * Examines the configuration, this machine, the orchestrators, the store and the running worker. Takes at most 5 s.
 *
 * @param workerUrl - the address of the health server. Default: port `WORKER_PORT` of this machine.
 * @param clientToken - the token of the client API. Without it, jobs are not compared with workers.
 */
export const examine = async (
  workerUrl: string | undefined,
  clientToken: string | undefined,
): Promise<Report> => {
  const { settings, variables, examined } = examineConfiguration()
  const rest = settings ? await examineAll(settings, workerUrl, clientToken) : []
  const { checks, findings } = together([examineNode(), examined, ...rest])
  const secrets = settings ? secretsIn(settings) : []
  const report = {
    ok: findings.every(({ severity }) => severity === 'warning'),
    findings: ranked(findings),
    checks,
    configuration: variables,
  }
  // Other programs wrote some of the texts, and they may quote a token.
  return redactedJson(report, new Redactor([...secrets, clientToken]))
}

const examineAll = async (
  settings: Settings,
  workerUrl: string | undefined,
  clientToken: string | undefined,
): Promise<Examined[]> => {
  const { workerPort, workerId, orchestrators } = settings
  const url = workerUrl ?? (workerPort === 0 ? undefined : `http://127.0.0.1:${workerPort}`)
  // The others have to know whether the worker runs here, and they do not have to wait for its diagnoses.
  const asked = url === undefined ? undefined : examineWorker(url, workerUrl !== undefined)
  const isRunning = async () => {
    const worker = await asked
    return worker !== undefined && (worker.isSilent || worker.workerId === workerId)
  }
  const limited = (name: string, step: Promise<Examined>) => inTime(name, step)
  return Promise.all([
    ...(asked ? [asked.then((worker) => worker.examined)] : []),
    limited(
      'state directory',
      isRunning().then((isOwn) => examineStateDir(settings, isOwn)),
    ),
    limited('task files', examineTaskFilesDir(settings)),
    limited('object store', examineStore(settings)),
    ...orchestrators.map((target) =>
      limited(`orchestrator ${target.url}`, examineOrchestrator(settings, target, isRunning)),
    ),
    ...orchestrators.map((target) =>
      limited(`jobs of ${target.url}`, examineJobs(settings, target, clientToken)),
    ),
  ])
}

const inTime = async (name: string, step: Promise<Examined>): Promise<Examined> => {
  let examined: Examined | undefined
  await within(
    STEP_MS,
    step.then((value) => {
      examined = value
    }),
  )
  const late: Finding = {
    code: 'check_unfinished',
    severity: 'error',
    cause: `The check of ${name} did not end.`,
    evidence: `It was given up after ${STEP_MS / 1_000} s.`,
    remedy: 'Check the network, the DNS and the disks of this machine.',
  }
  return examined ?? found(name, late)
}

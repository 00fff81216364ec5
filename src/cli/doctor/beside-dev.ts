import { runningDev } from '../dev-address.js'
import { setVariable } from '../env-files.js'

/** Who sets one of these has chosen an orchestrator and a token. */
const CHOSEN = ['ORCHESTRATORS_CONFIG', 'WORKER_TOKEN', 'WORKER_INDIVIDUAL_TOKEN']

const isSet = (name: string): boolean => Boolean(process.env[name]?.trim())

/** Examines the orchestrator that `dev` runs, with its random tokens, unless the environment names another one. */
export const useRunningDev = (): void => {
  if (CHOSEN.some(isSet)) return
  const dev = runningDev(process.env['ORCHESTRATOR_URL']?.trim() || undefined)
  if (dev?.workerToken === undefined) return
  const values = { ORCHESTRATOR_URL: dev.url, WORKER_TOKEN: dev.workerToken, CLIENT_TOKEN: dev.clientToken }
  for (const [name, value] of Object.entries(values)) {
    if (!isSet(name)) delete process.env[name]
    setVariable(name, value, 'dev')
  }
}

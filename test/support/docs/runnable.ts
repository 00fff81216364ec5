import type { Block } from './blocks.js'
import { commandsIn } from './shell.js'
import { isShell } from './shell-check.js'

/** A command of a document that a test can run against a worker and the embedded orchestrator. */
export interface Runnable {
  readonly place: string
  readonly program: 'curl' | 'avtomatika-worker'
  readonly args: readonly string[]
}

/** The running things that take the place of those in the documents. */
export interface World {
  readonly orchestratorUrl: string
  readonly healthUrl: string
  readonly clientToken: string
  readonly jobId: string
}

/** The paths that the health server of a worker has. */
const OF_THE_WORKER = /^https?:\/\/(?:WORKER(?::\d+)?|(?:localhost|127\.0\.0\.1):8083)(\/\S*)$/
/** The API of an orchestrator for clients. Only the real one has the webhooks of a blueprint. */
const OF_THE_ORCHESTRATOR = /^https?:\/\/[\w.-]+(?::\d+)?(\/(?:api\/v1|_public(?!\/webhooks\/))\/\S*)$/

/** Commands that end by themselves and need only an orchestrator with a worker. */
const SHORT = new Set(['send', 'jobs', 'job', 'doctor', 'completion'])

const startOf = (words: readonly string[]): readonly string[] => {
  const at = words.indexOf('avtomatika-worker')
  return at === 0 || words[0] === 'npx' ? words.slice(at) : words
}

const isRunnable = (words: readonly string[]): boolean => {
  const [program = '', command = ''] = words
  if (program === 'avtomatika-worker')
    return SHORT.has(command) || (command === 'outbox' && words[2] === 'list')
  return (
    program === 'curl' && words.some((word) => OF_THE_WORKER.test(word) || OF_THE_ORCHESTRATOR.test(word))
  )
}

/** Returns the commands that a test runs, without those that occur twice. */
export const runnableIn = (blocks: readonly Block[]): readonly Runnable[] => {
  const all = blocks.filter(isShell).flatMap(({ page, line, code }) =>
    commandsIn(code)
      .map(({ words }) => startOf(words))
      .filter(isRunnable)
      .map(([program, ...args]) => ({
        place: `${page}:${line}`,
        program: program as Runnable['program'],
        args,
      })),
  )
  const seen = new Set<string>()
  return all.filter(({ program, args }) => {
    const text = JSON.stringify([program, args])
    return !seen.has(text) && seen.add(text)
  })
}

/** Returns an argument with the addresses, the token and the job of this world. */
export const inWorld = (word: string, { orchestratorUrl, healthUrl, clientToken, jobId }: World): string => {
  const [, healthPath] = OF_THE_WORKER.exec(word) ?? []
  if (healthPath !== undefined) return healthUrl + healthPath
  const [, path] = OF_THE_ORCHESTRATOR.exec(word) ?? []
  const placed = path === undefined ? word : orchestratorUrl + path
  return placed
    .replace(/^(X-(?:Client|Avtomatika)-Token): .*/i, `$1: ${clientToken}`)
    .replaceAll(/\bJOB_ID\b/g, jobId)
}

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import { OwnDirectory } from '../utils/directories/own-directory.js'
import { jsonText } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { redactedJson } from '../utils/redacted-json.js'
import { Redactor } from '../utils/redactor.js'
import { wallMs } from '../utils/time.js'

/** More files are not written: a handler that always fails would fill the disk. */
const MOST_FILES = 1_000
/** Larger params are not saved, in characters. */
const LONGEST = 4 * 1_048_576
/** Members with such names are secrets, whatever their values are. */
const SECRET_NAME =
  /pass(?:word|phrase|wd)|secret|token|api_?key|private_?key|credential|authorization|cookie/i
const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/** A failed task as `avtomatika-worker replay` reads it. */
export interface SavedTask {
  readonly version: 1
  /** ISO 8601 */
  readonly savedAt: string
  readonly taskName: string
  readonly taskId: string
  readonly jobId: string
  readonly params: unknown
  readonly error: { readonly code: string; readonly message: string }
}

/** Saves the params of failed tasks, one file each, for `avtomatika-worker replay`. Only this user can read them. */
export class FailedTasks {
  readonly #folder: string
  readonly #directory: OwnDirectory
  readonly #redactor: Redactor
  readonly #log: Logger
  #hasWarned = false

  /** @param secrets - tokens and keys that must not reach a file */
  constructor(folder: string, isInPod: boolean, secrets: readonly (string | undefined)[], log: Logger) {
    this.#folder = folder
    this.#directory = new OwnDirectory([folder], { isInPod })
    this.#redactor = new Redactor(secrets)
    this.#log = log
  }

  /** Saves one task. Never throws: the result of the task must be delivered. */
  save(offer: TaskOffer, outcome: Outcome): void {
    if (outcome.kind !== 'failure') return
    try {
      const { realPath } = this.#directory.open()
      if (readdirSync(realPath).length >= MOST_FILES) throw new Error(`the folder has ${MOST_FILES} files`)
      const text = this.#textOf(offer, outcome)
      if (text.length > LONGEST) throw new Error(`the params have more than ${LONGEST} characters`)
      writeFileSync(join(realPath, fileName(offer)), text, { mode: 0o600 })
    } catch (error) {
      this.#warn(offer, error as Error)
    }
  }

  #textOf({ taskName, taskId, jobId, ...offer }: TaskOffer, { error }: Failure): string {
    const saved: SavedTask = {
      version: 1,
      savedAt: new Date(wallMs()).toISOString(),
      ...{ taskName, taskId, jobId },
      params: redactedJson(offer.exactParams?.() ?? offer.params, this.#redactor, isSecretName),
      error: { code: error.code, message: this.#redactor.redact(error.message) },
    }
    return `${jsonText(saved, 2)}\n`
  }

  #warn({ taskId, taskName }: TaskOffer, err: Error): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#log.warn(
      { taskId, taskName, folder: this.#folder, err },
      'Params of a failed task not saved: check WORKER_SAVE_FAILED',
    )
  }
}

type Failure = Extract<Outcome, { readonly kind: 'failure' }>

/** The ids come from the network: only harmless characters get into the name. */
const fileName = ({ taskName, taskId }: TaskOffer): string =>
  `${[taskName, taskId].map((part) => part.replace(/[^\w.-]+/g, '_').slice(0, 100)).join('-')}.json`

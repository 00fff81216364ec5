import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import type { EtagKinds } from './etag.js'
import type { S3Clients, Sdk } from './s3-client.js'
import { CredentialsError, describeOutage, isOutage, statusOf } from './s3-errors.js'
import { ATTEMPTS, Patience } from './s3-retry.js'
import type { StoreHealth } from './store-health.js'

/** The SDK and the clients for one transfer. */
export interface S3 {
  readonly sdk: Sdk
  /** Retries as long as the patience lasts. An answer is progress. */
  readonly client: Pick<S3Client, 'send'>
  /** Gives up after a few failures: then the caller looks whether the store has done what was requested. */
  readonly brief: Pick<S3Client, 'send'>
  /** The longest silence of a store during a transfer, in ms. */
  readonly silenceMs: number
  readonly patience: Patience
  readonly etags: EtagKinds
}

/** A region and an addressing can be wrong, one after the other. */
const MOST_MOVES = 3
/** The longest pause that a store can ask for, in ms. */
const LONGEST_WISH_MS = 30_000

/** Returns the pause that the store asks for (`Retry-After`), in ms. A date counts as none. Pure. */
export const wishOf = (error: unknown): number => {
  const { $response } = (error ?? {}) as { $response?: { headers?: Record<string, string> } }
  const seconds = Number($response?.headers?.['retry-after'])
  return seconds > 0 ? Math.min(seconds * 1_000, LONGEST_WISH_MS) : 0
}

type Command = Parameters<S3Client['send']>[0]

/** How long one transfer retries. */
export interface RetryLimits {
  /** The time for retries without progress, in ms. */
  readonly maxMs: number
  /** The same while credentials cannot be loaded, in ms. Often nobody has configured any. */
  readonly credentialsMs: number
  /** Ends the retries. */
  readonly signal: AbortSignal
}

/** What the requests of one transfer have in common. */
interface Transfer extends RetryLimits {
  readonly clients: S3Clients
  readonly health: StoreHealth
  readonly patience: Patience
}

/** The requests of one transfer. */
class PatientClient {
  readonly #transfer: Transfer
  readonly #isBrief: boolean

  constructor(transfer: Transfer, isBrief: boolean) {
    this.#transfer = transfer
    this.#isBrief = isBrief
  }

  /**
   * Sends a request until the store answers it or the patience is over. A request without a signal of its own is not
   * aborted, but it is not retried after the transfer was aborted.
   */
  async send(command: Command, options: { readonly abortSignal?: AbortSignal } = {}): Promise<unknown> {
    const signal = options.abortSignal ?? this.#transfer.signal
    for (let failures = 1; ; failures++) {
      try {
        return this.#answered(await this.#follow(command, options))
      } catch (error) {
        if (signal.aborted) throw error
        await this.#failed(error, failures, signal)
        if (signal.aborted) throw error
      }
    }
  }

  /** Sends a request, and sends it again if the store names another region or addressing. */
  async #follow(command: Command, options: object): Promise<unknown> {
    const { Bucket: bucket = '' } = command.input as { Bucket?: string }
    const { clients } = this.#transfer
    for (let moves = 0; ; moves++) {
      const place = clients.placeOf(bucket)
      try {
        return await clients.at(place).send(command, options)
      } catch (error) {
        if (moves === MOST_MOVES || !clients.learn(error, bucket, place)) throw error
      }
    }
  }

  #answered(output: unknown): unknown {
    const { health, patience } = this.#transfer
    health.answered()
    // A stream has only begun. Its reader knows about the progress.
    const isStream = (output as { Body?: unknown }).Body instanceof Readable
    if (!isStream && !this.#isBrief) patience.renew()
    return output
  }

  /** Waits for the next attempt. @throws the error if another attempt would not help, or none is left */
  async #failed(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { health, patience, credentialsMs } = this.#transfer
    if (!isOutage(error)) {
      if (statusOf(error) > 0) health.answered()
      throw error
    }
    health.failed(describeOutage(error), error)
    const isOver = this.#isBrief && failures >= ATTEMPTS
    const limits = {
      leastMs: wishOf(error),
      ...(error instanceof CredentialsError && { maxMs: credentialsMs }),
    }
    if (isOver || !(await patience.pause(signal, limits))) throw error
  }
}

/** Returns the clients for one transfer. */
export const patientS3 = (clients: S3Clients, health: StoreHealth, limits: RetryLimits): S3 => {
  const { sdk, silenceMs, etags } = clients
  const patience = new Patience(limits.maxMs)
  const transfer: Transfer = { ...limits, clients, health, patience }
  const clientThat = (isBrief: boolean) => new PatientClient(transfer, isBrief) as S3['client']
  return { sdk, client: clientThat(false), brief: clientThat(true), silenceMs, patience, etags }
}

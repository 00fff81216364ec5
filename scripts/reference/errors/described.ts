import type { ErrorCode } from '../../../src/error-codes.js'

/** The description of one error code. */
export interface DescribedError {
  /** The exported classes with this code. */
  readonly classes: readonly string[]
  /** What the code means. */
  readonly meaning: string
  /** Each cause, and what to do. */
  readonly causes: readonly (readonly [cause: string, remedy: string])[]
}

/** A section of docs/reference/errors.md. */
export interface ErrorSection {
  readonly title: string
  readonly intro: string
  readonly codes: Partial<Record<ErrorCode, DescribedError>>
}

/** The class of errors that have no class of their own. */
export const BASE = 'AvtomatikaError'

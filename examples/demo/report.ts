import { stat } from 'node:fs/promises'
import { INVALID_INPUT_ERROR, PERMANENT_ERROR, TRANSIENT_ERROR } from 'avtomatika-worker'
import type { PictureSize } from '../image-worker/resize.js'
import type { EndedJob } from './desk.js'

/** What came of one picture. */
export interface Finished {
  readonly file: string
  readonly before: Partial<PictureSize>
  readonly after: PictureSize | undefined
  /** `success`, or the code of the error. */
  readonly status: string
  readonly message: string | undefined
  /** From the job's creation to its end, the wait for a free slot included. */
  readonly durationMs: number
}

/** A client is told of a failure in words only; these begin them. */
const BEGINNINGS: readonly [text: string, code: string][] = [
  ['Task failed with permanent error', PERMANENT_ERROR],
  ['Task failed due to invalid input', INVALID_INPUT_ERROR],
]

const codeIn = (message: string): string =>
  BEGINNINGS.find(([text]) => message.startsWith(text))?.[1] ?? TRANSIENT_ERROR

export const finishedOf = async (
  file: string,
  source: string,
  job: EndedJob,
  durationMs: number,
): Promise<Finished> => {
  if (job.isDone) {
    const { before, after } = job.result as { before: PictureSize; after: PictureSize }
    return { file, before, after, status: 'success', message: undefined, durationMs }
  }
  const message = job.error ?? `the job is ${job.status}`
  const { size: bytes } = await stat(source)
  return { file, before: { bytes }, after: undefined, status: codeIn(message), message, durationMs }
}

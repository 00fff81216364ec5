import type { S3Addressing } from '../settings.js'
import { WANTS_VIRTUAL, WRONG_REGION } from './s3-hints.js'

/** How the requests for one bucket are addressed and signed. */
export interface Place {
  /** `undefined`: the region that the SDK finds. */
  readonly region: string | undefined
  readonly isPathStyle: boolean
}

/** Returns the first place to try. Pure. */
export const firstPlace = (
  isAws: boolean,
  region: string | undefined,
  addressing: S3Addressing = 'auto',
): Place => ({
  region: isAws ? region : (region ?? 'us-east-1'),
  isPathStyle: addressing === 'path' || (addressing === 'auto' && !isAws),
})

/** A region becomes part of a host name and of a signature. */
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/i
/** Some stores name the region only in their message: MinIO ("expecting 'eu-west-1'") and Garage ("expected: 20260101/garage/s3/…"). */
const IN_MESSAGE = [/expecting '([^']+)'/, /expected:? '?\d{8}\/([^/]+)\/s3/]

const regionIn = (error: object): string | undefined => {
  const {
    $response,
    Region,
    message = '',
  } = error as {
    $response?: { headers?: Record<string, string> }
    Region?: unknown
    message?: string
  }
  const inMessage = IN_MESSAGE.map((pattern) => pattern.exec(message)?.[1])
  const found = [$response?.headers?.['x-amz-bucket-region'], Region, ...inMessage]
  return found.find((each): each is string => typeof each === 'string' && REGION.test(each))
}

/** Returns whether an error can be about the region. A HEAD request has no name of an error, and a redirect may have none. */
const isAboutRegion = (error: Error): boolean => {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode ?? 0
  return WRONG_REGION.has(error.name) || (status >= 300 && status < 400) || (status === 400 && !error.message)
}

/**
 * Returns the place that an error of the store names; `undefined` if it names no other one. Pure.
 *
 * @param mayMove - whether the addressing is for the store to choose
 */
export const placeAfter = (error: unknown, place: Place, mayMove: boolean): Place | undefined => {
  if (!(error instanceof Error)) return undefined
  if (WANTS_VIRTUAL.has(error.name)) {
    return mayMove && place.isPathStyle ? { ...place, isPathStyle: false } : undefined
  }
  if (!isAboutRegion(error)) return undefined
  const region = regionIn(error)
  return region === undefined || region === place.region ? undefined : { ...place, region }
}

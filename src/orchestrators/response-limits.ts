import type { RequestKind } from './health.js'

const KIB = 1_024

/**
 * Longest response to each kind of request, in bytes. An error page, a probe and a token have 64 KiB.
 *
 * @param maxTaskBytes - the limit of a task
 */
export const responseLimits = (maxTaskBytes: number): Readonly<Record<RequestKind, number>> => ({
  registration: 64 * KIB,
  // The first generation returns the whole record of the worker, which it accepts up to 1 MiB.
  heartbeat: 1_024 * KIB,
  poll: maxTaskBytes,
  result: 64 * KIB,
  event: 64 * KIB,
})

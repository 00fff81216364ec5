import type { DeliveryPolicy } from '../delivery/retry-policy.js'
import type { Settings } from '../settings.js'

/**
 * The most results in flight to one orchestrator. After an outage thousands of results may wait. 1,000 requests at once take
 * the event loop for half a second, and 30 % more processor time than 256.
 */
const MOST_AT_ONCE = 256

/** How results are delivered. Follows the limit of the tasks that run at once. */
export const deliveryPolicy = (
  {
    resultMaxRetries,
    resultRetryInitialDelayMs,
  }: Pick<Settings, 'resultMaxRetries' | 'resultRetryInitialDelayMs'>,
  slots: { readonly limits: { readonly global: number } },
): DeliveryPolicy => ({
  maxRetries: resultMaxRetries,
  initialDelayMs: resultRetryInitialDelayMs,
  get atOnce() {
    return Math.min(MOST_AT_ONCE, Math.max(16, 2 * slots.limits.global))
  },
  get bound() {
    return Math.max(1_000, 4 * slots.limits.global)
  },
})

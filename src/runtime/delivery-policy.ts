import type { DeliveryPolicy } from '../delivery/retry-policy.js'
import type { Settings } from '../settings.js'

/** How results are delivered. Follows the limit of the tasks that run at once. */
export const deliveryPolicy = (
  { resultMaxRetries, resultRetryInitialDelayMs }: Settings,
  slots: { readonly limits: { readonly global: number } },
): DeliveryPolicy => ({
  maxRetries: resultMaxRetries,
  initialDelayMs: resultRetryInitialDelayMs,
  get atOnce() {
    return Math.max(16, 2 * slots.limits.global)
  },
  get bound() {
    return Math.max(1_000, 4 * slots.limits.global)
  },
})

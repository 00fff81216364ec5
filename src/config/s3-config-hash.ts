import { createHash } from 'node:crypto'

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * Returns a hash that is the same for a worker and an orchestrator with the same object store, or `undefined` without a store.
 * The orchestrator hashes the texts of its variables, so the texts as they were written count here, too. Pure.
 */
export const s3ConfigHash = (endpoint: unknown, accessKey: unknown, bucket: unknown): string | undefined => {
  // Orchestrators do not know the word `aws`.
  if (!isText(endpoint) || endpoint === 'aws' || !isText(accessKey) || !isText(bucket)) return undefined
  return createHash('sha256').update(`${endpoint}|${accessKey}|${bucket}`).digest('hex').slice(0, 16)
}

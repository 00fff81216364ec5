import type { Settings } from '../../../src/settings.js'

/** Returns the setting at a path such as `heartbeatIntervalMs` or `s3.region`. */
export const settingAt = (settings: Settings, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], settings)

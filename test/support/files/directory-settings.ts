import type { Settings } from '../../../src/settings.js'

/** The settings of task directories in a folder that the test has chosen. */
export const directorySettings = (taskFilesDir: string, workerId = 'w') =>
  ({
    taskFilesDir,
    taskFilesDirIsDefault: false,
    taskFilesMaxBytes: undefined,
    keepTaskFiles: 'never',
    isInPod: false,
    workerId,
  }) satisfies Partial<Settings>

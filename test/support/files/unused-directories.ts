import { TaskDirectories } from '../../../src/tasks/files/task-directories.js'
import type { Logger } from '../../../src/utils/logger.js'
import { Wake } from '../../../src/utils/wake.js'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** For tasks that touch no file: nothing can be made there. */
export const unusedDirectories = (): TaskDirectories =>
  new TaskDirectories({
    parent: '/dev/null/payloads',
    workerId: 'w1',
    maxBytes: undefined,
    keep: 'never',
    log: silent,
    wake: new Wake(),
  })

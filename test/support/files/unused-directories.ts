import { TaskDirectories } from '../../../src/tasks/files/task-directories.js'
import type { Logger } from '../../../src/utils/logger.js'
import { Wake } from '../../../src/utils/wake.js'
import { directorySettings } from './directory-settings.js'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** For tasks that touch no file: nothing can be made there. */
export const unusedDirectories = (): TaskDirectories =>
  new TaskDirectories(directorySettings('/dev/null/payloads'), silent, new Wake())

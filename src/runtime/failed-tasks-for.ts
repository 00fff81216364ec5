import { FailedTasks } from '../execution/failed-tasks.js'
import { secretsIn } from '../orchestrators/target.js'
import type { Foundation } from './foundation.js'

/** Saves the params of failed tasks if `WORKER_SAVE_FAILED` is set. */
export const failedTasksFor = ({
  settings,
  log,
}: Pick<Foundation, 'settings' | 'log'>): FailedTasks | undefined => {
  const { saveFailedDir: folder, isInPod } = settings
  if (folder === undefined) return undefined
  return new FailedTasks(folder, isInPod, secretsIn(settings), log)
}

import type { JobState } from './client-api.js'
import type { OrchestratorUnderTest } from './orchestrator-under-test.js'

/** What a job's `error_message` says, in the words of its orchestrator. */
export const wordingsOf = ({ generation, name }: OrchestratorUnderTest) => {
  const tellsCode = generation === 'rxon' || name.startsWith('1.0b11')
  return {
    permanent: (message: string): string =>
      `Task failed with permanent error${tellsCode ? ' (PERMANENT_ERROR)' : ''}: ${message}`,
    exhausted: ({ current_task_id: id }: JobState, attempts: number, message: string): string =>
      `Task ${generation === 'rxon' ? `${id} ` : ''}failed after ${attempts} attempts: ${message}`,
  }
}

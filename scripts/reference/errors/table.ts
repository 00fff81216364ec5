import { calls } from './calls.js'
import type { ErrorSection } from './described.js'
import { client, commandLine, kit } from './other.js'
import { orchestrator } from './requests.js'
import { results } from './results.js'

/** The sections of docs/reference/errors.md. */
export const ERROR_SECTIONS: readonly ErrorSection[] = [
  {
    title: 'Configuration and calls',
    intro: 'Constructors and methods throw these errors. The program has to change.',
    codes: calls,
  },
  {
    title: 'Requests to the orchestrator',
    intro:
      'The worker handles these errors itself: it logs them and retries. They are the `err` of log lines and the `error` of events. The job client throws some of them.',
    codes: orchestrator,
  },
  {
    title: 'Job client and waiting',
    intro: 'The job client and the embedded orchestrator throw these errors.',
    codes: client,
  },
  {
    title: 'Results of tasks',
    intro:
      'A failed task reports one of these codes to the orchestrator. The code decides about a retry. Orchestrators of the first generation treat all codes except `PERMANENT_ERROR` and `INVALID_INPUT_ERROR` like `TRANSIENT_ERROR`. A handler may also use a code of its own, which counts as transient.',
    codes: results,
  },
  { title: 'Test kit', intro: '`avtomatika-worker/testing` throws these errors.', codes: kit },
  {
    title: 'Command line',
    intro: 'Only the command line has these codes. [Exit codes](command-line.md) lists its other ends.',
    codes: commandLine,
  },
]

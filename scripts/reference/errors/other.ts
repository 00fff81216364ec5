import { BASE, type ErrorSection } from './described.js'

/** Errors of the job client and of waiting. */
export const client = {
  UNKNOWN_JOB: {
    classes: ['UnknownJobError'],
    meaning: 'The orchestrator has no such job, or the job to cancel has ended (404).',
    causes: [
      ['The id is wrong.', 'Use the id that `create` returned.'],
      ['The orchestrator has lost the job.', 'Check the storage of the orchestrator. Create the job again.'],
      ['The job has ended.', 'Read it with `get`. A job that has ended cannot be cancelled.'],
    ],
  },
  UNKNOWN_ENDPOINT: {
    classes: ['ResponseError'],
    meaning: 'No blueprint has the endpoint of the request (404 or 405).',
    causes: [
      [
        'The name of the blueprint or the version is different.',
        'Pass `{ endpoint }` with the `api_endpoint` of the blueprint, or `apiPath` with its `api_version`.',
      ],
    ],
  },
  NOT_CANCELLABLE: {
    classes: ['ResponseError'],
    meaning: 'The job cannot be cancelled now, because no worker has its task (409, first generation).',
    causes: [
      ['The job has ended, or is between two tasks.', 'Read its status with `get`, and cancel again later.'],
    ],
  },
  NO_JOB_LIST: {
    classes: [BASE],
    meaning: 'The orchestrator answered a list with no jobs, and may not keep a list.',
    causes: [
      [
        'A real orchestrator has no history database.',
        'Set `HISTORY_DATABASE_URI` at the orchestrator, or keep the ids of `create`.',
      ],
      ['This client has created no job.', 'Do nothing.'],
    ],
  },
  TIMEOUT: {
    classes: ['JobTimeoutError', BASE],
    meaning:
      'The wait has ended before the job, or before the worker came. The job continues. `JobClient.wait`, `waitForJob` and `waitForWorker` throw it.',
    causes: [
      ['The job needs more time.', 'Wait again, or raise `timeoutMs`.'],
      [
        'No worker takes the task.',
        'Start a worker with this task name. See [troubleshooting](../how-to/troubleshooting.md).',
      ],
      [
        'First generation: the blueprint has an end state with an unusual name.',
        'Pass the name in `endStates`.',
      ],
    ],
  },
} satisfies ErrorSection['codes']

/** Errors of the test kit. */
export const kit = {
  TEST_TASK: {
    classes: [BASE],
    meaning: '`runTask` cannot run the task.',
    causes: [
      ['The worker has no task with this name.', 'Use a name of the message.'],
      [
        'The first argument is not a worker and not a task of `defineTask`, or comes from another copy of the package.',
        'Install one copy: `npm ls avtomatika-worker` shows all copies.',
      ],
    ],
  },
  WORKER_ENDED: {
    classes: [BASE],
    meaning: 'The process of `startWorker` ended before the worker registered. The message has its output.',
    causes: [['The module throws, or does not export a worker.', 'Run `npx avtomatika-worker run FILE`.']],
  },
  UNEXPECTED_REQUEST: {
    classes: ['UnexpectedRequestError'],
    meaning:
      'A worker or a client sent a request that the orchestrator refused. `error.requests` lists such requests.',
    causes: [
      ['A token is wrong.', 'Pass `orchestrator.workerToken` and `orchestrator.clientToken`.'],
      ['The test expects the refusal.', 'Allow the request with the option `expects`.'],
    ],
  },
  LEAK: {
    classes: ['LeakError'],
    meaning: 'A test left timers, servers, connections or processes open. `error.leaks` lists the resources.',
    causes: [
      [
        'A worker, a client or an orchestrator is still open.',
        'Stop or close each of them, and await it. `await using` does both.',
      ],
    ],
  },
} satisfies ErrorSection['codes']

/** Codes of the command line. */
export const commandLine = {
  USAGE: {
    classes: [],
    meaning: 'The command line is not valid. Exit code 2.',
    causes: [
      [
        'A command, an option, an argument or a file is wrong.',
        'Type the command after `Next:`. It shows the help, or a correct command.',
      ],
    ],
  },
  FAILED: {
    classes: [],
    meaning: 'The command failed for another reason. Exit code 1.',
    causes: [['A module throws, or cannot be loaded.', 'Read the message. `--debug` adds the stack.']],
  },
} satisfies ErrorSection['codes']

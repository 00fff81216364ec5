import type { ErrorSection } from './described.js'

/** The codes that a failed task reports. */
export const results = {
  TRANSIENT_ERROR: {
    classes: ['TransientError', 'ShutdownError'],
    meaning:
      'A retry may help. The orchestrator dispatches the task again, until its retries are used up. Then it quarantines the job.',
    causes: [
      [
        'The handler threw a `TransientError`, or any error that is not an error of this package.',
        'Read the log line `Task "…" failed`. It has the stack.',
      ],
      [
        'The worker stopped before the task ended.',
        'Do nothing. Raise `WORKER_SHUTDOWN_TIMEOUT` if it is frequent.',
      ],
      ['The disk is full.', 'Free space in `TASK_FILES_DIR` and in `WORKER_STATE_DIR`.'],
    ],
  },
  PERMANENT_ERROR: {
    classes: ['PermanentError'],
    meaning: 'No retry can help. The orchestrator quarantines the job.',
    causes: [
      ['The handler threw a `PermanentError`.', 'Read the message of the job.'],
      [
        'The handler returned a value that JSON cannot represent, or a status that is not in `statuses`.',
        'Return `{ status, data }` with plain JSON. See [typed-params-and-results.md](../how-to/typed-params-and-results.md).',
      ],
      ['The directory of the task is larger than `TASK_FILES_MAX_BYTES`.', 'Raise the limit, or write less.'],
      ['The result is larger than the orchestrator accepts.', 'Store large data as a file in S3.'],
    ],
  },
  INVALID_INPUT_ERROR: {
    classes: ['InvalidInputError'],
    meaning: 'The params of the task are not valid. The orchestrator fails the job.',
    causes: [
      [
        'The params do not match the option `params` of the task.',
        'Correct the params. The message has the path of each problem.',
      ],
      ['An `s3://` object of the params does not exist.', 'Upload the object before you create the job.'],
      [
        'The handler used a file name that leads out of the directory of the task.',
        'Use relative names without `..`.',
      ],
    ],
  },
  CANCELLED: {
    classes: ['TaskCancelledError'],
    meaning:
      'The orchestrator cancelled the task. `ctx.signal.reason` has this error. The job ends as cancelled.',
    causes: [['A client cancelled the job.', 'Pass `ctx.signal` to slow calls, so that they end at once.']],
  },
  TIMEOUT_ERROR: {
    classes: ['TaskTimeoutError'],
    meaning: 'The deadline of the task has passed. `ctx.signal.reason` has this error. A retry may help.',
    causes: [
      [
        'The handler is slower than the timeout of the job.',
        'Raise the timeout of the job, or make the handler faster.',
      ],
      ['The task waited too long for a slot.', 'Add workers, or raise `MAX_CONCURRENT_TASKS`.'],
    ],
  },
  SECURITY_ERROR: {
    classes: [],
    meaning:
      'The task is not authentic, or its policy does not allow it. The handler does not run. The orchestrator quarantines the job.',
    causes: [
      [
        '`ORCHESTRATOR_SECRET_KEY` of the worker and of the orchestrator are different.',
        'Set the same key on both sides.',
      ],
      ['The task is older than `TASK_MAX_AGE`.', 'Synchronize the clocks, or raise `TASK_MAX_AGE`.'],
      [
        'The policy of the job does not contain the task name.',
        'Correct `policy.allowed_skills` of the job.',
      ],
    ],
  },
  CONTRACT_VIOLATION_ERROR: {
    classes: [],
    meaning:
      'The data of a success do not match the option `result` of the task. The orchestrator quarantines the job.',
    causes: [
      [
        'The handler returned other data than its schema describes.',
        'Correct the handler or the schema. The message has the path of each problem.',
      ],
    ],
  },
  INTEGRITY_MISMATCH_ERROR: {
    classes: [],
    meaning: 'A downloaded file does not have the expected checksum or size. The orchestrator fails the job.',
    causes: [
      [
        'The object was replaced, or the checksum is wrong.',
        'Compare the object in the store with its checksum. Create the job again.',
      ],
    ],
  },
  DEPENDENCY_ERROR: {
    classes: [],
    meaning:
      'A dependency of the task failed permanently. Only handlers report it. The orchestrator quarantines the job.',
    causes: [['The handler returned or threw this code.', 'Read the message of the job.']],
  },
  DEPENDENCY_MISSING_ERROR: {
    classes: [],
    meaning: 'A dependency of the task does not exist yet. Only handlers report it. A retry may help.',
    causes: [['The handler returned or threw this code.', 'Read the message of the job.']],
  },
  RESOURCE_EXHAUSTED_ERROR: {
    classes: [],
    meaning: 'Memory, disk or another resource is exhausted. Only handlers report it. A retry may help.',
    causes: [
      [
        'The handler returned or threw this code.',
        'Read the message of the job. Lower `MAX_CONCURRENT_TASKS`, or add resources.',
      ],
    ],
  },
  LIMIT_EXCEEDED_ERROR: {
    classes: [],
    meaning: 'A quota is exhausted. Only handlers report it. A retry may help.',
    causes: [['The handler returned or threw this code.', 'Read the message of the job. Raise the quota.']],
  },
  INTERNAL_ERROR: {
    classes: [],
    meaning: 'The worker has a bug. Only handlers report it. A retry may help.',
    causes: [
      ['The handler returned or threw this code.', 'Read the message of the job and the log of the worker.'],
    ],
  },
} satisfies ErrorSection['codes']

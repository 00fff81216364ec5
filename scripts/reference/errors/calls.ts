import { BASE, type ErrorSection } from './described.js'

const NAME_RULE = 'Use 1 to 128 characters out of `A-Z a-z 0-9 _ -`.'

/** Errors of constructors and methods: the program has to change. */
export const calls = {
  CONFIG: {
    classes: ['ConfigError'],
    meaning:
      'A value of the configuration, or an option of a constructor, is not valid. The message lists all such values with the accepted values. Nothing was started. `error.problems` has the same list for programs.',
    causes: [
      [
        'A variable or an option has a wrong value.',
        'Correct each listed value. [configuration.md](configuration.md) has all variables.',
      ],
      [
        'Another process listens on `WORKER_PORT`.',
        'Stop the other process, choose another port, or set `WORKER_PORT=0` for a free port.',
      ],
      [
        'Another worker uses `WORKER_STATE_DIR`.',
        'Give each worker its own `WORKER_ID`, or stop the other worker.',
      ],
      [
        'Other users can change `WORKER_STATE_DIR` or `TASK_FILES_DIR`.',
        'Run `chmod go-w` on the directory of the message, or choose another directory.',
      ],
    ],
  },
  STATE: {
    classes: ['StateError'],
    meaning: 'The state of the object does not allow the call.',
    causes: [
      ['`start()` or `run()` was called twice.', 'Call one of them, once.'],
      ['The worker has stopped.', 'Make a new `Worker`. A stopped worker cannot start again.'],
      ['The worker has no task.', 'Register one with `worker.task(name, handler)` before the start.'],
      [
        'A handler uses its files after the end of its task.',
        'Await all file operations before the handler returns.',
      ],
      [
        'The embedded orchestrator is closed, or has no such job.',
        'Create and read jobs before `close()`, with the id of `createJob()`.',
      ],
    ],
  },
  TASK_NAME: {
    classes: [BASE],
    meaning: 'Orchestrators do not accept the name of the task.',
    causes: [['The name is empty, too long, or has another character.', NAME_RULE]],
  },
  DUPLICATE_TASK: {
    classes: [BASE],
    meaning: 'The name of the task already has a handler.',
    causes: [
      ['Two calls of `worker.task` or `worker.add` use one name.', 'Give each handler a different name.'],
    ],
  },
  TASK_TYPE: {
    classes: [BASE],
    meaning: 'Orchestrators do not accept the `taskType` of the task.',
    causes: [['The type is empty, too long, or has another character.', NAME_RULE]],
  },
  TASK_PROPERTIES: {
    classes: [BASE],
    meaning: 'The `properties` of the task cannot be sent.',
    causes: [['JSON cannot represent a value, or `properties` is not an object.', 'Use plain JSON values.']],
  },
  TASK_OPTIONS: {
    classes: [BASE],
    meaning: 'An option of the task is not valid. The message lists all such options.',
    causes: [
      ['The name of an option is not known.', 'Use the name that the message suggests.'],
      [
        'A schema is not a Standard Schema, a class or a JSON Schema.',
        'Pass a schema of zod, valibot or arktype, or a JSON Schema of an object.',
      ],
    ],
  },
  TASK_HANDLER: {
    classes: [BASE],
    meaning: 'The handler of the task is missing, or it is not a function.',
    causes: [
      [
        'The last argument is a class, a promise or another value.',
        'Pass a function last: `worker.task(name, options, handler)`.',
      ],
    ],
  },
  TASK_SHAPE: {
    classes: [BASE],
    meaning: 'The value is not a task of `defineTask`.',
    causes: [
      ['`defineTask` was called without `name` or `run`.', 'Pass an object with both.'],
      [
        '`worker.add` received another value.',
        'Pass the return value of `defineTask`. Check that the file exports it.',
      ],
    ],
  },
  UNKNOWN_TASK_TYPE: {
    classes: [BASE],
    meaning: '`pause` or `resume` received a type that no task has.',
    causes: [['The type is misspelled, or its task is not registered yet.', 'Use a type of the message.']],
  },
  UNKNOWN_EVENT: {
    classes: [BASE],
    meaning: '`worker.on` received the name of an event that does not exist.',
    causes: [['The name is misspelled.', 'Use a name of [events.md](events.md).']],
  },
  LISTENER: {
    classes: [BASE],
    meaning: 'The listener of an event is not a function.',
    causes: [['The arguments have another order, or one is missing.', 'Call `worker.on(name, listener)`.']],
  },
  COMMAND_HANDLER: {
    classes: [BASE],
    meaning: 'The arguments of `worker.onCommand` are not a name and a function.',
    causes: [['An argument is missing or has another type.', 'Call `worker.onCommand(name, handler)`.']],
  },
  DUPLICATE_COMMAND: {
    classes: [BASE],
    meaning: 'The command already has a handler.',
    causes: [
      [
        'Two calls of `worker.onCommand` use one name.',
        'Call the function that the first call returned. It removes the first handler.',
      ],
      ['The name is `cancel_task`.', 'Use `ctx.signal`. The worker handles this command itself.'],
    ],
  },
} satisfies ErrorSection['codes']

/** Every exit code of the command, by name. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  config: 3,
  unreachable: 4,
  refused: 5,
  notFound: 6,
  timeout: 7,
  fault: 8,
  jobFailed: 10,
  jobQuarantined: 11,
  jobCancelled: 12,
} as const

/** The name of an exit code. */
export type ExitName = keyof typeof EXIT

/** The meaning of each exit code. `npm run commands` writes it into docs/reference/command-line.md. */
export const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  done: 'The command did its work. With `--wait`, the job finished.',
  failed: 'The command failed for a reason that is not in this table, for example because a module throws.',
  usage:
    'The command line is wrong: an unknown command or option, a missing argument, a file that does not exist.',
  config: 'The configuration is wrong: a variable has a value that the worker does not accept.',
  unreachable: 'The orchestrator did not answer.',
  refused: 'The orchestrator refused the token.',
  notFound: 'There is no such job.',
  timeout: 'The job did not end within `--timeout`.',
  fault: '`doctor` or `chaos` found a fault.',
  jobFailed: 'The job failed. With `replay`: the task failed.',
  jobQuarantined: 'The job was quarantined.',
  jobCancelled: 'The job was cancelled.',
}

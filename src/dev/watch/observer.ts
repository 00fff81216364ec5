/** Receives what the state of jobs and workers does not contain. */
export interface PollObserver {
  /** A worker asks for a task. */
  pollStarted(workerId: string): void
  /** The poll ended, with a task or without one. */
  pollEnded(workerId: string, offer: object | undefined): void
}

export interface AttemptObserver {
  /** A task failed, and its job goes on. */
  attemptFailed(jobId: string, message: string): void
}

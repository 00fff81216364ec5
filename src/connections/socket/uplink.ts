import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { ProgressUpdate, TaskEvent } from '../../protocol/messages.js'
import type { Logger } from '../../utils/logger.js'
import type { CommandSocket } from './command-socket.js'
import { ProgressThrottle } from './progress-throttle.js'

export interface UplinkOptions {
  readonly orchestrator: Pick<
    Orchestrator,
    'url' | 'knowsEvents' | 'writeEvent' | 'writeProgress' | 'postEvent' | 'quietMs'
  >
  readonly socket: Pick<CommandSocket, 'report' | 'settle' | 'say'> | undefined
  readonly log: Logger
}

/**
 * What tasks tell while they run, on its way to one orchestrator: up the socket where the worker has one, else over HTTP
 * where the orchestrator takes events. It is told once: what does not arrive is no harm to the task.
 */
export class Uplink {
  readonly #options: UplinkOptions
  readonly #posted: ProgressThrottle

  constructor(options: UplinkOptions) {
    this.#options = options
    this.#posted = new ProgressThrottle((update) => {
      this.#post(options.orchestrator.writeProgress(update), 'progress')
      return true
    })
  }

  progress(update: ProgressUpdate): void {
    const { socket, orchestrator } = this.#options
    if (socket) socket.report(update)
    else if (orchestrator.knowsEvents) this.#posted.report(update)
  }

  /** The task's result follows: what waits to be told goes now. */
  settle(taskId: string): void {
    this.#options.socket?.settle(taskId)
    this.#posted.settle(taskId)
  }

  emit(event: TaskEvent): void {
    const { socket, orchestrator, log } = this.#options
    const text = orchestrator.writeEvent(event)
    if (text === undefined) {
      const fields = { orchestrator: orchestrator.url, event: event.name, taskId: event.taskId }
      log.debug(fields, 'the orchestrator knows no events: one is not sent')
    } else if (!socket?.say(text)) this.#post(text, event.name)
  }

  close(): void {
    this.#posted.close()
  }

  #post(text: string, name: string): void {
    const { orchestrator, log } = this.#options
    // Asking again would only make the silence longer.
    if (orchestrator.quietMs('event') > 0) return
    orchestrator.postEvent(text).catch((error: unknown) => {
      log.warn({ orchestrator: orchestrator.url, event: name, err: error }, 'an event was not taken')
    })
  }
}

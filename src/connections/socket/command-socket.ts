import { AuthError } from '../../errors.js'
import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { Command, ProgressUpdate } from '../../protocol/messages.js'
import type { Socket, SocketEnd } from '../../transport/websocket.js'
import type { Logger } from '../../utils/logger.js'
import { type Moves, States } from '../../utils/states.js'
import { after, monotonicMs, type Timer } from '../../utils/time.js'
import { ProgressThrottle } from './progress-throttle.js'
import { callsForPatience, isReplaced, pauseBeforeSocket } from './socket-pause.js'

export interface SocketOwner {
  commandReceived(command: Command): void
  socketOpened(): void
  socketClosed(end: SocketEnd): void
}

export interface CommandSocketOptions {
  readonly orchestrator: Pick<Orchestrator, 'url' | 'openSocket' | 'readCommand' | 'writeProgress'>
  readonly listener: SocketOwner
  readonly log: Logger
}

/** A socket that lasted this long was a good one: the next failure is the first again. */
const STEADY_MS = 30_000
/** When a socket that followed a silent one is opened anew, in ms; longer than a server waits for the old one's goodbye. */
const RENEW_MS = 15_000

const MOVES: Moves<'closed' | 'connecting' | 'open' | 'waiting' | 'holding' | 'stopped'> = {
  closed: ['connecting', 'stopped'],
  connecting: ['open', 'waiting', 'holding', 'stopped'],
  open: ['connecting', 'waiting', 'holding', 'stopped'],
  waiting: ['connecting', 'stopped'],
  holding: ['connecting', 'stopped'],
  stopped: [],
}

/**
 * Keeps a socket to one orchestrator: commands come down, progress goes up.
 * `closed`: not wanted yet · `connecting`: a handshake is under way · `open` · `waiting`: it broke, and is tried again after
 * a pause, or as soon as the orchestrator is heard of · `holding`: it was refused or taken over; nothing shortens that
 * pause · `stopped`: for good.
 */
export class CommandSocket {
  readonly #options: CommandSocketOptions
  readonly #state = new States('The command socket', 'closed', MOVES)
  readonly #progress: ProgressThrottle
  readonly #stopping = new AbortController()
  #socket: Socket | undefined
  #timer: Timer | undefined
  #openedMs = 0
  #failures = 0
  #draining = false
  /** What was wrong the last time: the log has one line for each change. */
  #trouble: string | undefined
  #afterSilence = false
  #heardNonsense = false

  constructor(options: CommandSocketOptions) {
    this.#options = options
    const { orchestrator } = options
    this.#progress = new ProgressThrottle(
      (update) => this.#socket?.send(orchestrator.writeProgress(update)) ?? false,
    )
  }

  /** The orchestrator has been heard of: now is the time to open it, if it is not. */
  open(): void {
    if (this.#state.now === 'closed' || this.#state.now === 'waiting') void this.#connect()
  }

  /** The worker ends: commands are still taken, but a successor of the same id may have the socket. */
  drain(): void {
    this.#draining = true
  }

  report(update: ProgressUpdate): void {
    if (this.#state.now !== 'stopped') this.#progress.report(update)
  }

  /** Sends a text up; false when the socket is not open. */
  say(text: string): boolean {
    return this.#socket?.send(text) ?? false
  }

  /** The task's result is about to go: what was last reported goes first. */
  settle(taskId: string): void {
    this.#progress.settle(taskId)
  }

  async stop(): Promise<void> {
    if (this.#state.now === 'stopped') return
    this.#state.move('stopped')
    this.#timer?.cancel()
    this.#progress.close()
    this.#stopping.abort()
    await this.#socket?.close()
  }

  async #connect(): Promise<void> {
    this.#timer?.cancel()
    this.#state.move('connecting')
    await this.#dial()
  }

  async #dial(): Promise<void> {
    const listener = {
      onText: (text: string) => this.#heard(text),
      onClosed: (end: SocketEnd) => this.#closed(end),
    }
    try {
      this.#opened(await this.#options.orchestrator.openSocket(listener, this.#stopping.signal))
    } catch (error) {
      if (this.#state.now === 'connecting') this.#failed(error as Error)
    }
  }

  #opened(socket: Socket): void {
    const { log, orchestrator, listener } = this.#options
    this.#state.move('open')
    this.#socket = socket
    this.#openedMs = monotonicMs()
    this.#trouble = undefined
    this.#heardNonsense = false
    log.info({ orchestrator: orchestrator.url }, 'the socket for commands is open')
    if (this.#afterSilence) this.#timer = after(RENEW_MS, () => void this.#renew())
    this.#afterSilence = false
    this.#progress.resume()
    listener.socketOpened()
  }

  /**
   * An orchestrator that had not seen the silent socket end closes it when the next one comes, and up to 1.0b8 forgets
   * both then. A socket after an orderly end is not forgotten.
   */
  async #renew(): Promise<void> {
    this.#state.move('connecting')
    await this.#socket?.close()
    if (this.#state.now === 'connecting') await this.#dial()
  }

  #closed(end: SocketEnd): void {
    this.#socket = undefined
    this.#options.listener.socketClosed(end)
    if (this.#state.now !== 'open') return
    if (monotonicMs() - this.#openedMs >= STEADY_MS) this.#failures = 0
    this.#afterSilence = end.silent
    if (isReplaced(end)) this.#replaced()
    else this.#tell(`it was closed with code ${end.code}${end.reason && `: ${end.reason}`}`, end)
    this.#wait(end)
  }

  #failed(error: Error): void {
    this.#tell(error.message, error)
    this.#wait(error)
  }

  #wait(cause: Error | SocketEnd): void {
    this.#state.move(callsForPatience(cause) ? 'holding' : 'waiting')
    this.#failures++
    if (this.#draining && isReplaced(cause)) return
    this.#timer = after(pauseBeforeSocket(cause, this.#failures, Math.random()), () => void this.#connect())
  }

  #tell(trouble: string, cause: Error | SocketEnd): void {
    if (this.#trouble === trouble) return
    this.#trouble = trouble
    const { log, orchestrator } = this.#options
    const fields = {
      orchestrator: orchestrator.url,
      ...(cause instanceof Error ? { err: cause } : { trouble }),
    }
    if (cause instanceof AuthError) log.error(fields, 'the socket for commands is refused: check the token')
    else log.warn(fields, 'no socket for commands: tasks cannot be cancelled; trying again')
  }

  #replaced(): void {
    const { log, orchestrator } = this.#options
    const fields = { orchestrator: orchestrator.url }
    if (this.#draining) log.info(fields, 'a successor of this worker has taken over the socket for commands')
    else
      log.warn(
        fields,
        'ANOTHER WORKER USES THIS WORKER_ID: the orchestrator closed the socket for commands because a second one of the same id came (code 1008). Commands go to one of them only, and each takes the tasks of the other: give every worker an id of its own',
      )
  }

  #heard(text: string): void {
    const { orchestrator, listener, log } = this.#options
    try {
      const command = orchestrator.readCommand(text)
      if (command) listener.commandReceived(command)
    } catch (error) {
      const fields = { orchestrator: orchestrator.url, err: error }
      if (this.#heardNonsense) log.debug(fields, 'the socket brought something else that is no command')
      else log.warn(fields, 'the socket brought something that is no command')
      this.#heardNonsense = true
    }
  }
}

import { AuthError } from '../../errors.js'
import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { Command, ProgressUpdate } from '../../protocol/messages.js'
import type { Protocol } from '../../protocol/protocol.js'
import type { Socket, SocketEnd } from '../../transport/websocket.js'
import type { Logger } from '../../utils/logger.js'
import { OnceAMinute } from '../../utils/once-a-minute.js'
import { type Moves, States } from '../../utils/states.js'
import { after, monotonicMs, type Timer, within } from '../../utils/time.js'
import { TroubleLines } from '../../utils/trouble-lines.js'
import { ProgressThrottle, writeUpdate } from './progress-throttle.js'
import { isReplaced, needsCooldown, pauseBeforeSocket } from './socket-pause.js'

/** Receives what happens on a command socket. Its methods must not throw; they may call the socket. */
export interface SocketOwner {
  commandReceived(command: Command): void
  socketOpened(): void
  socketClosed(end: SocketEnd): void
}

/** The orchestrator at the other end of the socket. */
interface SocketPeer extends Pick<Orchestrator, 'url' | 'openSocket'> {
  readonly protocol: Pick<Protocol, 'readCommand' | 'writeProgress'>
}

/** A socket that stayed open this long starts the backoff anew, in ms. */
const STEADY_MS = 30_000
/** Time from the opening of a socket to its renewal, in ms. It exceeds the time a server waits for a closed socket. */
const RENEW_MS = 15_000
/** Longest time that `stop()` waits for a handshake, in ms. */
const STOP_GRACE_MS = 1_000

type State = 'closed' | 'connecting' | 'open' | 'renewing' | 'backoff' | 'cooldown' | 'stopped'

const MOVES: Moves<State> = {
  closed: ['connecting', 'stopped'],
  connecting: ['open', 'backoff', 'cooldown', 'stopped'],
  open: ['renewing', 'backoff', 'cooldown', 'stopped'],
  renewing: ['connecting', 'cooldown', 'stopped'],
  backoff: ['connecting', 'stopped'],
  cooldown: ['connecting', 'stopped'],
  stopped: [],
}

/**
 * Keeps a WebSocket open to one orchestrator. Commands arrive on it, progress leaves on it.
 *
 * | state | meaning | what leads out |
 * |---|---|---|
 * | `closed` | not needed yet | `open()` |
 * | `connecting` | a handshake is in flight | its end |
 * | `open` | commands and progress flow | the end of the socket; the deadline, if a renewal is due |
 * | `renewing` | the worker closes the socket to open another | the end of the socket |
 * | `backoff` | the socket ended, or the handshake failed | the deadline; `open()` |
 * | `cooldown` | the same, but an early retry is useless or takes the socket from another worker | the deadline |
 * | `stopped` | final; `stop()` leads here from every state | |
 *
 * Events record facts and call `#reconcile`. Only `#reconcile` decides what follows. Only `#enter` changes the state. A
 * state has at most one deadline, and `#enter` cancels the deadline of the state it leaves.
 */
export class CommandSocket {
  readonly #orchestrator: SocketPeer
  readonly #owner: SocketOwner
  readonly #log: Logger
  readonly #progress: ProgressThrottle
  readonly #state = new States<State>('The command socket', 'closed', MOVES)
  readonly #stopping = new AbortController()
  #deadline: Timer | undefined

  // Facts of the present state.
  #isWanted = false
  #isDue = false

  // Facts of the last connection. The handshake is defined while it is in flight.
  #handshake: Promise<void> | undefined
  #failure: Error | SocketEnd | undefined
  #socket: Socket | undefined
  #end: SocketEnd | undefined
  #openedMs = 0

  // Facts that outlast a connection.
  #isDraining = false
  #failures = 0
  /** A socket went silent, and no socket has been renewed since. */
  #owesRenewal = false
  /** The last trouble that was logged: the same one is not logged again. */
  readonly #troubles = new TroubleLines()
  readonly #invalid = new OnceAMinute()

  constructor(orchestrator: SocketPeer, owner: SocketOwner, log: Logger) {
    this.#orchestrator = orchestrator
    this.#owner = owner
    this.#log = log
    this.#progress = new ProgressThrottle((update) => this.#sendProgress(update))
  }

  /** Opens the socket now, unless it is open or cools down. Call this whenever the orchestrator answers requests again. */
  open(): void {
    this.#isWanted = true
    this.#reconcile()
  }

  /** The worker drains. Commands still arrive, but a successor with the same id may keep the socket it takes over. */
  drain(): void {
    this.#isDraining = true
  }

  report(update: ProgressUpdate): void {
    this.#progress.report(update)
  }

  /** Sends the newest progress of a task at once: its result follows. */
  settle(taskId: string): void {
    this.#progress.settle(taskId)
  }

  /** Sends a text. Returns false if the socket is not open or its buffer is full. */
  say(text: string): boolean {
    return this.#socket?.send(text) ?? false
  }

  /** Closes the socket for good. Resolves when it is closed; no socket opens later. Never rejects. */
  async stop(): Promise<void> {
    if (this.#state.now === 'stopped') return
    this.#enter('stopped')
    this.#progress.close()
    this.#stopping.abort()
    // The abort ends a handshake at once. A token request before the handshake goes on, and no handshake follows it.
    if (this.#handshake) await within(STOP_GRACE_MS, this.#handshake)
    await this.#socket?.close()
  }

  /** Compares the facts with the state and does what follows. */
  #reconcile(): void {
    this.#rules[this.#state.now]()
  }

  readonly #rules: Readonly<Record<State, () => void>> = {
    closed: () => this.#connectIf(this.#isWanted),
    connecting: () => this.#checkHandshake(),
    open: () => this.#checkSocket(),
    renewing: () => this.#checkRenewal(),
    backoff: () => this.#connectIf(this.#isWanted || this.#isDue),
    cooldown: () => this.#connectIf(this.#isDue && !this.#isLeftToSuccessor),
    stopped: () => {},
  }

  #connectIf(isTime: boolean): void {
    if (isTime) this.#connect()
  }

  #checkHandshake(): void {
    if (this.#handshake) return
    if (this.#socket) this.#opened()
    else if (this.#failure) this.#retryLater(this.#failure)
  }

  #checkSocket(): void {
    if (this.#end) this.#lost(this.#end)
    else if (this.#isDue) this.#renew()
  }

  #checkRenewal(): void {
    if (!this.#end) return
    if (isReplaced(this.#end)) this.#lost(this.#end)
    else this.#connect()
  }

  #enter(state: State, deadlineMs?: number): void {
    this.#state.move(state)
    this.#deadline?.cancel()
    this.#deadline = deadlineMs === undefined ? undefined : after(deadlineMs, () => this.#due())
    this.#isDue = false
    this.#isWanted = false
  }

  #due(): void {
    this.#isDue = true
    this.#reconcile()
  }

  #connect(): void {
    this.#enter('connecting')
    this.#end = undefined
    this.#handshake = this.#shakeHands()
  }

  /** Never rejects. */
  async #shakeHands(): Promise<void> {
    const listener = {
      onText: (text: string) => this.#receive(text),
      onClosed: (end: SocketEnd) => this.#ended(end),
    }
    try {
      const socket = await this.#orchestrator.openSocket(listener, this.#stopping.signal)
      // stop() was called after the last byte of the handshake, too late for the abort.
      if (this.#state.now === 'stopped') return await socket.close()
      // The socket can end before the promise of its handshake resolves.
      if (this.#end) this.#failure = this.#end
      else this.#socket = socket
    } catch (error) {
      this.#failure = error as Error
    }
    this.#handshake = undefined
    this.#reconcile()
  }

  #ended(end: SocketEnd): void {
    const wasOpen = this.#socket !== undefined
    this.#socket = undefined
    this.#end = end
    this.#reconcile()
    if (wasOpen) this.#owner.socketClosed(end)
  }

  #opened(): void {
    this.#enter('open', this.#owesRenewal ? RENEW_MS : undefined)
    this.#openedMs = monotonicMs()
    this.#troubles.over()
    this.#log.info({ orchestrator: this.#orchestrator.url }, 'Command socket open')
    this.#progress.resume()
    this.#owner.socketOpened()
  }

  #lost(end: SocketEnd): void {
    if (monotonicMs() - this.#openedMs >= STEADY_MS) this.#failures = 0
    this.#owesRenewal ||= end.silent
    this.#retryLater(end)
  }

  /**
   * An orchestrator that has not seen the silent socket end closes it when the next socket opens. Orchestrators up to 1.0b8
   * then forget the next socket too. They remember a socket that follows an orderly close.
   */
  #renew(): void {
    this.#owesRenewal = false
    this.#enter('renewing')
    void this.#socket?.close()
  }

  #retryLater(cause: Error | SocketEnd): void {
    this.#failures++
    this.#logCause(cause)
    const pauseMs = pauseBeforeSocket(cause, this.#failures, Math.random())
    this.#enter(needsCooldown(cause) ? 'cooldown' : 'backoff', pauseMs)
  }

  get #isLeftToSuccessor(): boolean {
    return this.#isDraining && this.#end !== undefined && isReplaced(this.#end)
  }

  #sendProgress(update: ProgressUpdate): boolean {
    if (!this.#socket) return false
    const text = writeUpdate(this.#orchestrator, update, this.#log)
    return text === undefined || this.#socket.send(text)
  }

  #receive(text: string): void {
    const { url } = this.#orchestrator
    try {
      const command = this.#orchestrator.protocol.readCommand(text)
      if (command) this.#owner.commandReceived(command)
    } catch (error) {
      const line = this.#invalid.take()
      this.#log[line ? 'warn' : 'debug'](
        { orchestrator: url, err: error, ...line },
        'Command socket: message ignored, it is not a command',
      )
    }
  }

  #logCause(cause: Error | SocketEnd): void {
    const fields = { orchestrator: this.#orchestrator.url }
    if (!isReplaced(cause)) this.#logTrouble(cause)
    else if (this.#isDraining)
      this.#log.info(fields, 'Command socket closed: another worker with this id has opened one')
    else this.#log.warn(fields, ID_IN_USE)
  }

  #logTrouble(cause: Error | SocketEnd): void {
    const isError = cause instanceof Error
    const trouble = isError
      ? cause.message
      : `closed with code ${cause.code}${cause.reason && `: ${cause.reason}`}`
    if (!this.#troubles.isNew(trouble)) return
    const fields = { orchestrator: this.#orchestrator.url, ...(isError ? { err: cause } : { trouble }) }
    if (cause instanceof AuthError) this.#log.error(fields, REFUSED)
    else this.#log.warn(fields, 'Command socket not open: tasks cannot be cancelled; retrying')
  }
}

const REFUSED = 'Command socket refused: check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN'
const ID_IN_USE =
  'ANOTHER WORKER USES THIS WORKER_ID: the orchestrator closed the command socket (code 1008) because a second one with this ' +
  'id opened. Only one of the two workers receives commands, and each takes tasks of the other. Give every worker an id of its own'

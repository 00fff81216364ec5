import type { Connections } from '../connections/connections.js'
import { AvtomatikaError } from '../errors.js'
import type { Slots } from '../execution/slots.js'
import type { TasksInHand } from '../execution/tasks-in-hand.js'
import type { TaskRegistry } from '../tasks/definition.js'
import { limitWarnings } from '../tasks/limit-warnings.js'
import type { Logger } from '../utils/logger.js'
import type { StartContext } from '../utils/start-context.js'

/** New limits. A limit that is absent stays as it is. */
interface NewLimits {
  readonly maxConcurrentTasks?: number
  readonly taskTypeLimits?: Readonly<Record<string, number>>
}

/** The parts of a worker that can be changed while it runs. */
export interface Controlled {
  readonly registry: TaskRegistry
  readonly slots: Slots<unknown>
  readonly tasks: Pick<TasksInHand, 'startWaiting'>
  /** The application may call from a handler. What follows does not belong to its task. */
  readonly context: StartContext
  readonly log: Logger
}

/** Changes a worker while it runs: its tasks, its limits and its pauses. */
export class Controls {
  readonly #parts: Controlled
  #connections: Connections | undefined
  #version = 0

  constructor(parts: Controlled) {
    this.#parts = parts
  }

  /** Grows with each change of what a registration tells. */
  get version(): number {
    return this.#version
  }

  /** The worker has started. */
  attach(connections: Connections): void {
    this.#connections = connections
  }

  /** A task was added. Orchestrators learn of it by another registration. */
  taskAdded(): void {
    this.#version++
    this.#parts.context.run(() => this.#connections?.catalogChanged())
  }

  /** @throws AvtomatikaError `UNKNOWN_TASK_TYPE` if no task has this type */
  pause(type: string | undefined): void {
    this.#setPaused(true, type)
  }

  /** @throws AvtomatikaError `UNKNOWN_TASK_TYPE` if no task has this type */
  resume(type: string | undefined): void {
    this.#setPaused(false, type)
  }

  /** @param limits - have been checked */
  setLimits(limits: NewLimits): void {
    const { slots, registry, log } = this.#parts
    const { global, byType } = slots.limits
    const { maxConcurrentTasks = global, taskTypeLimits = byType } = limits
    slots.limits = { global: maxConcurrentTasks, byType: taskTypeLimits }
    if (limits.taskTypeLimits) {
      for (const warning of limitWarnings(registry.all(), taskTypeLimits)) log.warn({}, warning)
    }
    this.#version++
    this.#connections?.makeRoomFor(maxConcurrentTasks)
    this.#apply()
    if (maxConcurrentTasks !== global) this.#parts.context.run(() => this.#connections?.capacityChanged())
  }

  #setPaused(isPaused: boolean, type: string | undefined): void {
    const { slots, registry } = this.#parts
    const types = new Set(registry.all().map(({ taskType }) => taskType))
    if (type !== undefined && !types.has(type)) {
      const known = [...types].join(', ') || 'none'
      throw new AvtomatikaError(
        'UNKNOWN_TASK_TYPE',
        `Task type "${type}" is not known, so it cannot be ${isPaused ? 'paused' : 'resumed'}: the types of this worker are ${known}`,
      )
    }
    if (!slots.pause(isPaused, type)) return
    this.#apply()
    if (type !== undefined) this.taskAdded()
  }

  /** Starts the tasks that may run now. Polls and heartbeats follow. */
  #apply(): void {
    this.#parts.context.run(() => this.#parts.tasks.startWaiting())
  }
}

import type { DeviceUsage, Usage } from '../../protocol/messages.js'
import { loggable } from '../../tasks/describe-thrown.js'
import { isObject } from '../../utils/json.js'
import type { Logger } from '../../utils/logger.js'
import { OnceAMinute } from '../../utils/once-a-minute.js'
import type { StartContext } from '../../utils/start-context.js'
import { hasMoved } from './machine-usage.js'

/** The load of the machine, as the application measures it. */
export interface UsageReport {
  /** Load of the processors, 0 to 100. */
  readonly cpuPercent: number
  /** The used memory, in GB. */
  readonly ramUsedGb: number
  /** The load of other devices, such as GPUs. Default: none. */
  readonly devices?: readonly DeviceUsage[]
}

/** A function of the application that returns the load of the machine. Called for each heartbeat. */
export type UsageChecker = () => UsageReport

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isOptionalNumber = (value: unknown): boolean => value === undefined || isNumber(value)

const isDevice = (device: unknown): boolean =>
  isObject(device) &&
  typeof device['id'] === 'string' &&
  isNumber(device['loadPercent']) &&
  isOptionalNumber(device['memoryUsedGb']) &&
  isOptionalNumber(device['temperatureC']) &&
  Object.values(device['metrics'] ?? {}).every(isNumber)

const isReport = (report: unknown): boolean => {
  if (!isObject(report)) return false
  const { cpuPercent, ramUsedGb, devices = [] } = report
  return isNumber(cpuPercent) && isNumber(ramUsedGb) && Array.isArray(devices) && devices.every(isDevice)
}

/** The usage that the application reports instead of the measured one. */
export class ReportedUsage {
  readonly #checker: UsageChecker
  readonly #context: StartContext
  readonly #log: Logger
  readonly #failed = new OnceAMinute()
  #usage: Usage | undefined

  constructor(checker: UsageChecker, context: StartContext, log: Logger) {
    this.#checker = checker
    this.#context = context
    this.#log = log
  }

  /** The object stays the same while no change is worth telling. `undefined` if the checker fails; the log says so. */
  get usage(): Usage | undefined {
    try {
      const report = this.#context.run(() => this.#checker())
      if (!isReport(report))
        throw new TypeError(
          'usageChecker has to return { cpuPercent, ramUsedGb, devices? } with finite numbers',
        )
      const { cpuPercent, ramUsedGb, devices = [] } = report
      const now = { cpuPercent, ramUsedGb, devices }
      if (!this.#usage || hasMoved(this.#usage, now)) this.#usage = structuredClone(now)
      return this.#usage
    } catch (error) {
      const line = this.#failed.take()
      if (line)
        this.#log.error({ err: loggable(error), ...line }, 'usageChecker failed: heartbeats report no usage')
      return undefined
    }
  }
}

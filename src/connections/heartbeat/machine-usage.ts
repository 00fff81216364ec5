import { type ExecFileException, execFile } from 'node:child_process'
import type { Socket } from 'node:net'
import { cpus, freemem, totalmem } from 'node:os'
import type { DeviceUsage, Usage } from '../../protocol/messages.js'
import type { Logger } from '../../utils/logger.js'
import { monotonicMs } from '../../utils/time.js'

/** How long figures are good for, in ms: heartbeats may follow one another closely. */
const FRESH_MS = 5_000
/** How long nvidia-smi has before it is killed, in ms. */
const SMI_MS = 5_000
const SMI = ['--query-gpu=index,utilization.gpu,memory.used', '--format=csv,noheader,nounits']
/** Changes up to this are none: percentage points of a load, parts of an amount. */
const BAND_PERCENT = 5
const BAND_PART = 0.05

const GB = 2 ** 30

/** The time all processors were busy since the machine was started, and all of their time. */
const processorTimes = () => {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    const sum = Object.values(times).reduce((total, ms) => total + ms, 0)
    busy += sum - times.idle
    all += sum
  }
  return { busy, all }
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))

/** What nvidia-smi says; a GPU that does not tell a figure has none. Pure. */
export const readGpus = (output: string): readonly DeviceUsage[] =>
  output.split('\n').flatMap((line) => {
    const [index = '', load, memoryMb] = line.split(/, */)
    const [loadPercent, memoryUsedGb] = [Number(load), rounded(Number(memoryMb) / 1024, 2)]
    return Number.isFinite(loadPercent + memoryUsedGb) ? [{ id: index, loadPercent, memoryUsedGb }] : []
  })

const strays = (one: number, other: number): boolean => Math.abs(one - other) > BAND_PERCENT
const grows = (one: number, other: number): boolean =>
  Math.abs(one - other) > BAND_PART * Math.max(one, other)

/** Whether what was told is no longer what is. Pure. */
export const hasMoved = (told: Usage, now: Usage): boolean =>
  strays(told.cpuPercent, now.cpuPercent) ||
  grows(told.ramUsedGb, now.ramUsedGb) ||
  told.devices.length !== now.devices.length ||
  now.devices.some(({ id, loadPercent, memoryUsedGb }, place) => {
    const before = told.devices[place]
    if (before?.id !== id) return true
    return strays(before.loadPercent, loadPercent) || grows(before.memoryUsedGb, memoryUsedGb)
  })

/** How much of this machine is in use. Nothing waits for it: what a GPU does is known by the next time. */
export class MachineUsage {
  readonly #log: Logger
  #times = processorTimes()
  #sampledMs = Number.NEGATIVE_INFINITY
  #cpuPercent = 0
  #ramUsedGb = 0
  #gpus: readonly DeviceUsage[] = []
  /** `gone`: there is no such program. */
  #smi: 'idle' | 'asked' | 'gone' = 'idle'
  #trouble: string | undefined
  #usage: Usage | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** The same object as long as nothing has changed that is worth telling. */
  get usage(): Usage {
    if (monotonicMs() - this.#sampledMs >= FRESH_MS) this.#sample()
    const now = { cpuPercent: this.#cpuPercent, ramUsedGb: this.#ramUsedGb, devices: this.#gpus }
    if (!this.#usage || hasMoved(this.#usage, now)) this.#usage = now
    return this.#usage
  }

  #sample(): void {
    const { busy, all } = this.#times
    this.#sampledMs = monotonicMs()
    this.#times = processorTimes()
    const passed = this.#times.all - all
    if (passed > 0) this.#cpuPercent = rounded((100 * (this.#times.busy - busy)) / passed, 1)
    this.#ramUsedGb = rounded((totalmem() - freemem()) / GB, 2)
    if (this.#smi === 'idle') this.#askGpus()
  }

  #askGpus(): void {
    this.#smi = 'asked'
    const options = { timeout: SMI_MS, killSignal: 'SIGKILL' } as const
    try {
      const child = execFile('nvidia-smi', SMI, options, (error, output) => this.#answered(error, output))
      // One that hangs beyond being killed must not keep this process from ending.
      child.unref()
      for (const stream of child.stdio) (stream as Socket | null | undefined)?.unref()
    } catch (error) {
      // A system without room for another process says so at once.
      this.#answered(error as Error, '')
    }
  }

  #answered(error: NodeJS.ErrnoException | ExecFileException | null, output: string): void {
    this.#smi = error?.code === 'ENOENT' ? 'gone' : 'idle'
    this.#gpus = error ? [] : readGpus(output)
    const trouble = this.#smi === 'idle' ? error?.message : undefined
    if (trouble !== undefined && trouble !== this.#trouble)
      this.#log.warn({ err: error }, 'nvidia-smi does not tell what the GPUs do')
    this.#trouble = trouble
  }
}

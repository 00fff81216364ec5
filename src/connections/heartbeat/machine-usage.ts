import { type ExecFileException, execFile } from 'node:child_process'
import type { Socket } from 'node:net'
import { cpus, freemem, totalmem } from 'node:os'
import type { DeviceUsage, Usage } from '../../protocol/messages.js'
import type { Logger } from '../../utils/logger.js'
import { monotonicMs } from '../../utils/time.js'

/** How long figures stay valid, in ms, because heartbeats may follow each other closely. */
const FRESH_MS = 5_000
/** The longest run of nvidia-smi before it is killed, in ms. */
const SMI_MS = 5_000
const SMI = ['--query-gpu=index,utilization.gpu,memory.used,temperature.gpu', '--format=csv,noheader,nounits']
/** Smaller changes are not told: percentage points of a load, parts of an amount. */
const BAND_PERCENT = 5
const BAND_PART = 0.05

const GB = 2 ** 30

/** The busy time and the whole time of all processors since the machine was started. */
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

/** Reads the output of nvidia-smi. GPUs without figures are left out. Pure. */
export const readGpus = (output: string): readonly DeviceUsage[] =>
  output.split('\n').flatMap((line) => {
    const [index = '', load, memoryMb, temperature = ''] = line.split(/, */)
    const [loadPercent, memoryUsedGb] = [Number(load), rounded(Number(memoryMb) / 1024, 2)]
    if (!Number.isFinite(loadPercent + memoryUsedGb)) return []
    const temperatureC = temperature === '' ? Number.NaN : Number(temperature)
    return [{ id: index, loadPercent, memoryUsedGb, ...(Number.isFinite(temperatureC) && { temperatureC }) }]
  })

const strays = (one: number, other: number): boolean => Math.abs(one - other) > BAND_PERCENT
const grows = (one: number, other: number): boolean =>
  Math.abs(one - other) > BAND_PART * Math.max(one, other)

/** Whether the usage differs enough from the usage that was told. Pure. */
export const hasMoved = (told: Usage, now: Usage): boolean =>
  strays(told.cpuPercent, now.cpuPercent) ||
  grows(told.ramUsedGb, now.ramUsedGb) ||
  told.devices.length !== now.devices.length ||
  now.devices.some(({ id, loadPercent, memoryUsedGb = 0, temperatureC = 0, metrics = {} }, place) => {
    const before = told.devices[place]
    if (before?.id !== id) return true
    return (
      strays(before.loadPercent, loadPercent) ||
      strays(before.temperatureC ?? 0, temperatureC) ||
      grows(before.memoryUsedGb ?? 0, memoryUsedGb) ||
      Object.entries(metrics).some(([name, value]) => grows(before.metrics?.[name] ?? 0, value))
    )
  })

/** How much of this machine is in use. Nobody waits for a GPU: its figures are known at the next heartbeat. */
export class MachineUsage {
  readonly #log: Logger
  #times = processorTimes()
  #sampledMs = Number.NEGATIVE_INFINITY
  #cpuPercent = 0
  #ramUsedGb = 0
  #gpus: readonly DeviceUsage[] = []
  /** `gone`: the program is not installed. */
  #smi: 'idle' | 'asked' | 'gone' = 'idle'
  #trouble: string | undefined
  #usage: Usage | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** The object stays the same while no change is worth telling. */
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
      // A program that survives its kill must not keep this process from ending.
      child.unref()
      for (const stream of child.stdio) (stream as Socket | null | undefined)?.unref()
    } catch (error) {
      // The system may have no room for another process.
      this.#answered(error as Error, '')
    }
  }

  #answered(error: NodeJS.ErrnoException | ExecFileException | null, output: string): void {
    this.#smi = error?.code === 'ENOENT' ? 'gone' : 'idle'
    this.#gpus = error ? [] : readGpus(output)
    const trouble = this.#smi === 'idle' ? error?.message : undefined
    if (trouble !== undefined && trouble !== this.#trouble)
      this.#log.warn({ err: error }, 'nvidia-smi failed: heartbeats report no GPU usage')
    this.#trouble = trouble
  }
}

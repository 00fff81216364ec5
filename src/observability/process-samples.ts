import { readdir, readFile } from 'node:fs/promises'
import { uptimeMs, wallMs } from '../utils/time.js'
import type { ProcessFamilyName } from './families.js'
import type { Sample } from './write-text.js'

const startedAtSeconds = Math.round(wallMs() - uptimeMs()) / 1_000

/** Returns the text of a file in `/proc`, or nothing on systems without one. */
const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

const sampleIf = (value: number | undefined): readonly Sample[] =>
  value === undefined || Number.isNaN(value) ? [] : [{ value }]

/** Returns the first number in a line that begins with `name`. */
const numberAfter = (name: string, text: string): number | undefined => {
  const found = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Reads what the process uses. On other systems than Linux some families have no series. */
export const processSamples = async (): Promise<Readonly<Record<ProcessFamilyName, readonly Sample[]>>> => {
  const [status, limits, descriptors] = await Promise.all([
    read('/proc/self/status'),
    read('/proc/self/limits'),
    readdir('/proc/self/fd').catch(() => undefined),
  ])
  const { user, system } = process.cpuUsage()
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  const virtualKb = numberAfter('VmSize:', status)
  return {
    process_cpu_user_seconds_total: [{ value: user / 1e6 }],
    process_cpu_system_seconds_total: [{ value: system / 1e6 }],
    process_cpu_seconds_total: [{ value: (user + system) / 1e6 }],
    process_start_time_seconds: [{ value: startedAtSeconds }],
    process_resident_memory_bytes: [{ value: rss }],
    process_virtual_memory_bytes: sampleIf(virtualKb && virtualKb * 1_024),
    process_open_fds: sampleIf(descriptors?.length),
    process_max_fds: sampleIf(numberAfter('Max open files', limits)),
    nodejs_heap_size_total_bytes: [{ value: heapTotal }],
    nodejs_heap_size_used_bytes: [{ value: heapUsed }],
    nodejs_external_memory_bytes: [{ value: external }],
  }
}

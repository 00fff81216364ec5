import { EXIT } from '../exit-codes.js'
import { UsageError } from '../fail.js'
import { examine } from './examine.js'
import { reportLines } from './print-report.js'

/** The options of `avtomatika-worker doctor`. */
export interface DoctorOptions {
  readonly all?: boolean
  readonly json?: boolean
  readonly worker?: string
}

/** Prints the report. The exit code says whether there is an error. */
export const runDoctor = async ({ all = false, json, worker }: DoctorOptions): Promise<void> => {
  const clientToken = process.env['CLIENT_TOKEN']?.trim() || undefined
  const report = await examine({ workerUrl: worker === undefined ? undefined : checked(worker), clientToken })
  if (json) console.log(JSON.stringify(report))
  else for (const line of reportLines(report, all)) console.log(line)
  process.exitCode = report.ok ? EXIT.done : EXIT.fault
}

const checked = (url: string): string => {
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return url.replace(/\/+$/, '')
  throw new UsageError(`--worker ${url} is not the URL of a health server.`, {
    next: 'npx avtomatika-worker doctor --worker http://127.0.0.1:8083',
  })
}

import { EXIT } from '../exit-codes.js'
import { UsageError } from '../fail.js'
import { useRunningDev } from './beside-dev.js'
import { examine } from './examine.js'
import { reportLines } from './print-report.js'

/**
 * Prints the report. The exit code says whether there is an error.
 *
 * @param worker - the URL of the health server of a running worker
 * @param showsAll - whether variables that have their defaults are printed, too
 */
export const runDoctor = async (
  worker: string | undefined,
  showsAll = false,
  json = false,
): Promise<void> => {
  useRunningDev()
  const clientToken = process.env['CLIENT_TOKEN']?.trim() || undefined
  const report = await examine(worker === undefined ? undefined : checked(worker), clientToken)
  if (json) console.log(JSON.stringify(report))
  else for (const line of reportLines(report, showsAll)) console.log(line)
  process.exitCode = report.ok ? EXIT.done : EXIT.fault
}

const checked = (url: string): string => {
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return url.replace(/\/+$/, '')
  throw new UsageError(`--worker ${url} is not the URL of a health server.`, {
    next: 'npx avtomatika-worker doctor --worker http://127.0.0.1:8083',
  })
}

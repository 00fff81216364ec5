import { spawnSync } from 'node:child_process'

/** The series of an exposition: the text up to the value, and the value. */
export const seriesIn = (text: string): ReadonlyMap<string, number> => {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const series = lines.map((line) => {
    const end = line.lastIndexOf(' ')
    return [line.slice(0, end), Number(line.slice(end + 1).replace('Inf', 'Infinity'))] as const
  })
  const found = new Map(series)
  if (found.size !== series.length) throw new Error('The exposition has a series twice')
  return found
}

/** The names after `# TYPE`, each with its type. */
export const familiesIn = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))

/** Whether Prometheus' own checker is installed (Debian package `prometheus`). */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0

/** Returns what `promtool check metrics` finds: nothing if the text is right. */
export const promtoolFindings = (text: string): string => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stdout}${stderr}`
}

const PARSE = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(sum(len(family.samples) for family in parse(sys.stdin.read())))
`

/** The interpreter with the parser of the Python client (Debian package `python3-prometheus-client`), if there is one. */
const python = ['python3', '/usr/bin/python3'].find(
  (each) => spawnSync(each, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0,
)

export const hasOpenMetricsParser = python !== undefined

/** Reads an OpenMetrics text by the parser of the Python client. Returns the number of samples. */
export const samplesInOpenMetrics = (text: string): number => {
  const { status, stdout, stderr } = spawnSync(python ?? 'python3', ['-c', PARSE], {
    input: text,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

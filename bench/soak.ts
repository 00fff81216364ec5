/**
 * Load and faults for a long time: `npm run soak [-- minutes]`, an hour by default. After a warm-up the worker's memory
 * must stay within ±10 %, and it must not hold more and more handles. The figures go into docs/explanation/reliability-tests.md.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startOrchestrator } from '../src/dev/index.js'
import { seededDice } from '../test/support/chaos/dice.js'
import { ALL_FAULTS, randomFaults } from '../test/support/chaos/fault.js'
import { FaultProxy } from '../test/support/chaos/fault-proxy.js'
import { JobFeed } from '../test/support/chaos/job-feed.js'

interface Sample {
  readonly rssMb: number
  readonly handles: number
  readonly files: number
  readonly delivered: number
}

const minutes = Number(process.argv[2] ?? 60)
if (!(minutes > 0)) throw new RangeError('npm run soak -- MINUTES')
const FAULT_RATE = 0.02
const SEED = 1
const FLAT = 0.1
/** Connections come and go: that many more are no growth. */
const HANDLE_SLACK = 5
const DOCUMENT = fileURLToPath(new URL('../docs/explanation/reliability-tests.md', import.meta.url))
const WORKER = fileURLToPath(new URL('lib/soak-worker.mjs', import.meta.url))

const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

/** The first and the last third of what comes after a warm-up of a fifth. */
const thirds = (samples: readonly Sample[]): [early: Sample[], late: Sample[]] => {
  const warm = samples.slice(Math.ceil(samples.length / 5))
  const third = Math.floor(warm.length / 3)
  return [warm.slice(0, third), warm.slice(-third)]
}

/** The figures before and after, by name, and whether they are flat. */
const verdictOn = (samples: readonly Sample[]) => {
  const [early, late] = thirds(samples)
  const of = (name: keyof Sample) => [early, late].map((part) => median(part.map((sample) => sample[name])))
  const [[rss = 0, rssLater = 0], [handles = 0, handlesLater = 0], [files = 0, filesLater = 0]] = [
    of('rssMb'),
    of('handles'),
    of('files'),
  ]
  const change = rssLater / rss - 1
  const isFlat =
    Math.abs(change) <= FLAT && handlesLater <= handles + HANDLE_SLACK && filesLater <= files + HANDLE_SLACK
  const percent = `${change >= 0 ? '+' : '−'}${Math.abs(100 * change).toFixed(1)} %`
  return { isFlat, percent, rss, rssLater, handles, handlesLater, files, filesLater }
}

const report = (samples: readonly Sample[], requests: number): string => {
  const verdict = verdictOn(samples)
  const delivered = samples.at(-1)?.delivered ?? 0
  return [
    `A run of **${minutes} min** on ${cpus().length} cores, Node ${process.versions.node}: ${delivered.toLocaleString('en')} tasks, ` +
      `${requests.toLocaleString('en')} requests, ${100 * FAULT_RATE} % of them with a fault. ` +
      'Medians of the first and the last third after the warm-up (the first fifth):',
    '',
    '| | first third | last third |',
    '|---|---|---|',
    `| memory (RSS) | ${verdict.rss.toFixed(1)} MB | ${verdict.rssLater.toFixed(1)} MB (${verdict.percent}) |`,
    `| active resources | ${verdict.handles} | ${verdict.handlesLater} |`,
    `| open files and sockets | ${verdict.files} | ${verdict.filesLater} |`,
    '',
    verdict.isFlat ? 'Memory, resources and files are flat.' : '**Not flat.**',
  ].join('\n')
}

const writeInto = (document: string, text: string): void => {
  const before = readFileSync(document, 'utf8')
  const after = before.replace(
    /(<!-- soak -->)[\s\S]*(<!-- \/soak -->)/,
    (_, begin, end) => `${begin}\n${text}\n${end}`,
  )
  if (!after.includes(text)) throw new Error(`${document} has no place for the figures`)
  writeFileSync(document, after)
}

const orchestrator = await startOrchestrator({ pollHoldMs: 1_000, waitForWorker: true })
const harm = randomFaults(SEED, FAULT_RATE, ALL_FAULTS)
const proxy = await FaultProxy.to(orchestrator.url, { plan: harm })
const folder = mkdtempSync(join(tmpdir(), 'avtomatika-soak-'))
const child = spawn(process.execPath, [WORKER], {
  env: {
    ...process.env,
    ORCHESTRATOR_URL: proxy.url,
    WORKER_ID: 'soak',
    WORKER_STATE_DIR: folder,
    TASK_POLL_TIMEOUT: '1',
    TASK_POLL_ERROR_DELAY: '0.05',
    RESULT_RETRY_INITIAL_DELAY: '0.05',
    HEARTBEAT_INTERVAL: '1',
    LOG_LEVEL: 'silent',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const samples: Sample[] = []
let requests = 0
createInterface({ input: child.stdout }).on('line', (line) => {
  samples.push(JSON.parse(line))
  // Nobody asks for them here, and an hour has many.
  requests += proxy.requests.splice(0).length
})
const ended = once(child, 'exit')
const feed = new JobFeed(orchestrator, {
  ...{ jobs: Number.POSITIVE_INFINITY, width: 40, timeoutMs: 10_000 },
  dice: seededDice(SEED),
})
await feed.start()
const over = setTimeout(() => {
  feed.stop()
  child.kill('SIGTERM')
}, minutes * 60_000)
const [code] = await ended
clearTimeout(over)
await proxy.close()
await orchestrator.close()
rmSync(folder, { recursive: true, force: true })
const text = report(samples, requests)
console.log(text)
if (code !== 0) throw new Error(`the worker ended with ${code}`)
writeInto(DOCUMENT, text)
if (!verdictOn(samples).isFlat) process.exitCode = 1

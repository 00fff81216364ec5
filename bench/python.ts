/**
 * The worker against what a user would take instead: the Python SDKs. `npm run bench -- python [--rounds N] [--write]`;
 * `--write` puts the table into docs/explanation/performance.md. The subjects take turns, and each figure is the median of the rounds.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { at, inDocument } from '../scripts/generated.js'
import { interpreterOf, type Load, type RealFigures, workForReal } from './lib/real-jobs.js'
import { pythonSdk, type Subject, signingWorker, work, worker } from './lib/subjects.mjs'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, write: { type: 'boolean', default: false } },
})
const rounds = Number(values.rounds)
const SLOTS = 10
const STUB_TASKS = 5_000
const BURST: Load = { jobs: 500 }
const STEADY: Load = { jobs: 400, perSecond: 20 }

type Figures = RealFigures

const median = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN

const medians = (all: readonly Figures[]): Figures => {
  const of = (name: keyof Figures) => median(all.map((figures) => figures[name]))
  return {
    finished: Math.min(...all.map(({ finished }) => finished)),
    jobsPerSecond: of('jobsPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuMsPerJob: of('cpuMsPerJob'),
    orchestratorCpuMsPerJob: of('orchestratorCpuMsPerJob'),
    rssMb: of('rssMb'),
  }
}

const onStub = async (subject: Subject): Promise<Figures> => {
  const { tasksPerSecond, p50Ms, p99Ms, cpuSeconds, delivered, peakRssMb, failures } = await work(subject, {
    tasks: STUB_TASKS,
    slots: SLOTS,
  })
  if (failures > 0) throw new Error(`${subject.name}: ${failures} tasks failed`)
  const cpuMsPerJob = (1_000 * cpuSeconds) / delivered
  return {
    finished: delivered,
    jobsPerSecond: tasksPerSecond,
    p50Ms,
    p99Ms,
    cpuMsPerJob,
    orchestratorCpuMsPerJob: Number.NaN,
    rssMb: peakRssMb,
  }
}

const short = (figure: number): string => {
  if (Number.isNaN(figure)) return '–'
  if (figure >= 100) return Math.round(figure).toLocaleString('en')
  return figure < 10 ? figure.toFixed(2) : figure.toFixed(1)
}

const row = (where: string, { name }: Subject, figures: Figures, jobs: number): string => {
  const { finished } = figures
  const shown = finished < jobs ? `${name} (finished ${finished} of ${jobs} jobs in two minutes)` : name
  const { jobsPerSecond, p50Ms, p99Ms, cpuMsPerJob, orchestratorCpuMsPerJob, rssMb } = figures
  return `| ${[where, shown, ...[jobsPerSecond, p50Ms, p99Ms, cpuMsPerJob, orchestratorCpuMsPerJob, rssMb].map(short)].join(' | ')} |`
}

/** Lets the subjects take turns, and returns a row of the table for each. */
const compare = async (
  where: string,
  subjects: readonly Subject[],
  jobs: number,
  measure: (subject: Subject) => Promise<Figures>,
): Promise<string[]> => {
  const all = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]))
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) all.get(subject)?.push(await measure(subject))
  }
  const rows = [...all].map(([subject, figures]) => row(where, subject, medians(figures), jobs))
  console.log(rows.join('\n'))
  return rows
}

const named = (subject: Subject, name: string): Subject => ({ ...subject, name })

const own = 'avtomatika-worker'
const first = pythonSdk('Python SDK 1.0b2', await interpreterOf('worker-1.0b2'))
const second = pythonSdk('Python SDK 1.0b20', await interpreterOf('worker-1.0b20'))
const { secret = '' } = signingWorker
const secondSigned = { ...second, secret, env: { ...second.env, ORCHESTRATOR_SECRET_KEY: secret } }

const lines = [
  '| Orchestrator | Worker | jobs/s | p50 ms | p99 ms | CPU ms a job | CPU ms of the orchestrator | RSS MB |',
  '|---|---|---|---|---|---|---|---|',
  ...(await compare('stub, first generation', [named(worker, own), first], STUB_TASKS, onStub)),
  ...(await compare(
    'stub, second generation',
    [named(signingWorker, own), secondSigned],
    STUB_TASKS,
    onStub,
  )),
  ...(await compare('1.0b30, 500 jobs at once', [named(worker, own), second], BURST.jobs, (subject) =>
    workForReal(subject, SLOTS, BURST),
  )),
  ...(await compare('1.0b30, 20 jobs a second', [named(worker, own), second], STEADY.jobs, (subject) =>
    workForReal(subject, SLOTS, STEADY),
  )),
]
const [cpu] = cpus()
const today = new Date().toISOString().slice(0, 10)
const made = `${today}, Node ${process.versions.node}, ${cpus().length} cores of ${cpu?.model.trim()}, medians of ${rounds} rounds:`

if (values.write) {
  const path = at('docs/explanation/performance.md')
  writeFileSync(path, inDocument(readFileSync(path, 'utf8'), 'python', [made, '', ...lines]))
} else console.log(['', made, '', ...lines].join('\n'))

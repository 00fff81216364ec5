/** A line of the notes: a run has begun, or has ended. */
export interface Note {
  readonly run: string
  readonly jobId?: string
  readonly taskName?: string
  readonly effect?: string
}

/** What became of the jobs of one handler. */
export interface HandlerReport {
  readonly taskName: string
  readonly jobs: number
  readonly runs: number
  /** Jobs whose handler ran more than once. */
  readonly repeated: number
  /** Jobs whose handler was killed before its end. Nobody knows what it had done by then. */
  readonly killed: number
  /** Jobs whose runs ended with different results. The first two results of the first such job. */
  readonly different: number
  readonly example: { readonly jobId: string; readonly effects: readonly string[] } | undefined
}

/** Reads the notes. A line that a kill has cut short is left out. */
export const readNotes = (text: string): readonly Note[] =>
  text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Note]
    } catch {
      return []
    }
  })

interface Run {
  readonly jobId: string
  readonly taskName: string
  effect: string | undefined
}

const runsIn = (notes: readonly Note[]): readonly Run[] => {
  const runs = new Map<string, Run>()
  for (const { run, jobId, taskName, effect } of notes) {
    if (jobId !== undefined && taskName !== undefined) runs.set(run, { jobId, taskName, effect: undefined })
    const known = runs.get(run)
    if (known && effect !== undefined) known.effect = effect
  }
  return [...runs.values()]
}

const grouped = <T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

const reportOf = (taskName: string, runs: readonly Run[]): HandlerReport => {
  const jobs = [...grouped(runs, ({ jobId }) => jobId)]
  const effects = jobs.map(([jobId, all]) => ({
    jobId,
    effects: [...new Set(all.map(({ effect }) => effect).filter((effect) => effect !== undefined))],
  }))
  const different = effects.filter((each) => each.effects.length > 1)
  return {
    taskName,
    jobs: jobs.length,
    runs: runs.length,
    repeated: jobs.filter(([, all]) => all.length > 1).length,
    killed: jobs.filter(([, all]) => all.some(({ effect }) => effect === undefined)).length,
    different: different.length,
    example: different[0] && { ...different[0], effects: different[0].effects.slice(0, 2) },
  }
}

/** Tells of each handler how often it ran, and whether its runs for one job had different effects. Pure. */
export const reportsOf = (notes: readonly Note[]): readonly HandlerReport[] =>
  [...grouped(runsIn(notes), ({ taskName }) => taskName)].map(([name, runs]) => reportOf(name, runs))

/** Returns the report as lines for people. Pure. */
export const linesOf = ({
  taskName,
  jobs,
  runs,
  repeated,
  killed,
  different,
  example,
}: HandlerReport): string[] => [
  `${different > 0 ? 'DIFFERENT' : 'ok       '} ${taskName}: ${jobs} jobs, ${runs} runs; ${repeated} ran more than once, ` +
    `${killed} were killed in mid-run, ${different} had different results`,
  ...(example
    ? example.effects.map((effect) => `            ${example.jobId}: ${effect.slice(0, 200)}`)
    : []),
]

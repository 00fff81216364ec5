/** What others can send this process, and what a worker may listen to. */
const EVENTS = ['SIGINT', 'SIGTERM', 'unhandledRejection', 'uncaughtException', 'warning']

/** Timers are watched one by one, and so is the next turn of the event loop by those who wait for it. */
const NOT_COUNTED = new Set(['Timeout', 'Immediate'])

/** How many there are of each kind of thing that keeps this process alive or listens to it. */
export const census = (): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo())
    if (!NOT_COUNTED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const name of EVENTS) counts.set(`listener of the process for ${name}`, process.listenerCount(name))
  return counts
}

/** What there is more of than there was. */
export const surplusTo = (before: ReadonlyMap<string, number>): string[] =>
  [...census()].flatMap(([name, count]) => {
    const more = count - (before.get(name) ?? 0)
    return more > 0 ? [`${more} × ${name}`] : []
  })

/** An orchestrator that takes turns, with its credit. */
export interface Share {
  readonly weight: number
  readonly credit: number
}

/**
 * Smooth weighted round robin. At each turn every share gains its weight as credit. The share with the most credit has the
 * turn and pays the sum of all weights. So the turns of a heavy share are spread evenly. Pure.
 *
 * @returns the place of the share that has the turn, and the new credits
 */
export const nextTurn = (
  shares: readonly Share[],
): { readonly place: number; readonly credits: number[] } => {
  const credits = shares.map(({ weight, credit }) => credit + weight)
  const place = credits.reduce(
    (best, credit, index) => (credit > (credits[best] ?? credit) ? index : best),
    0,
  )
  const sum = shares.reduce((all, { weight }) => all + weight, 0)
  return { place, credits: credits.map((credit, index) => (index === place ? credit - sum : credit)) }
}

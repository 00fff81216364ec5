/** One who takes turns, with what it is owed. */
export interface Share {
  readonly weight: number
  readonly credit: number
}

/**
 * Smooth weighted round robin: each share is owed its weight every time, the one that is owed most has the turn and
 * pays for it with the weights of all. Turns of a heavy share are spread among those of the others, not bunched. Pure.
 *
 * @returns whose turn it is, and what everybody is owed from then on
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

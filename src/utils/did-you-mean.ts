/** How different two names may be, by the length of the longer one. */
const allowed = (length: number): number => (length <= 3 ? 1 : length <= 8 ? 2 : 3)

const folded = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')

/** Returns the known name that somebody probably meant; `undefined` if none is similar. */
export const similarName = (given: string, known: readonly string[]): string | undefined => {
  const name = folded(given)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const each of known) {
    const other = folded(each)
    const edits = editsBetween(name, other)
    if (edits < least && edits <= allowed(Math.max(name.length, other.length))) {
      least = edits
      best = each
    }
  }
  return best
}

/** Returns the end of an error message about an unknown name: the similar name, or else all known names. */
export const didYouMean = (given: string, known: readonly string[]): string => {
  const similar = similarName(given, known)
  return similar === undefined ? `known are ${known.join(', ')}` : `did you mean "${similar}"?`
}

/** How many letters have to be inserted, removed, replaced or swapped with the next one. */
const editsBetween = (a: string, b: string): number => {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, row) => [row])
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let column = 0; column <= b.length; column++) rows[0]?.splice(column, 1, column)
  for (let row = 1; row <= a.length; row++) {
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      rows[row]?.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          isSwap ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
  }
  return at(a.length, b.length)
}

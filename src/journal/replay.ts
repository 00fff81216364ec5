import { Ledger } from './ledger.js'
import { decodeFact, Unreadable } from './record.js'

/** A line that was skipped. */
export interface Damage {
  /** Where it begins in the file, in bytes. */
  readonly offset: number
  readonly bytes: number
  readonly why: string
}

/** What a journal's bytes say. */
export interface Replay {
  readonly ledger: Ledger
  /** Lines that cannot be read; a crash does not do this. */
  readonly damage: readonly Damage[]
  /** The length of a last line that was not written to its end; 0 when there is none. A crash does this. */
  readonly tornBytes: number
}

const LINE_BREAK = 0x0a

/** Reads a whole journal. Never throws: what cannot be read is skipped and told. Pure. */
export const replay = (bytes: Buffer): Replay => {
  const ledger = new Ledger()
  const damage: Damage[] = []
  let offset = 0
  while (offset < bytes.length) {
    const found = bytes.indexOf(LINE_BREAK, offset)
    const end = found === -1 ? bytes.length : found
    const fact = decodeFact(bytes.subarray(offset, end))
    if (!(fact instanceof Unreadable)) ledger.apply(fact)
    else if (found === -1) return { ledger, damage, tornBytes: end - offset }
    else damage.push({ offset, bytes: end - offset, why: fact.why })
    offset = end + 1
  }
  return { ledger, damage, tornBytes: 0 }
}

import { JournalState } from './journal-state.js'
import { decodeEntries, Unreadable } from './record.js'

/** A line that was skipped. */
export interface Damage {
  /** Where the line begins in the file, in bytes. */
  readonly offset: number
  readonly bytes: number
  readonly why: string
}

/** What a journal's bytes add up to. */
export interface Replay {
  readonly state: JournalState
  /** Lines that cannot be read; a crash does not cause these. */
  readonly damage: readonly Damage[]
  /** The length of an incomplete last line, in bytes; 0: the last line is complete. A crash causes this. */
  readonly tornBytes: number
}

const LINE_BREAK = 0x0a

/** Reads a whole journal. Never throws: skips lines that cannot be read, and reports them. Pure. */
export const replay = (bytes: Buffer): Replay => {
  const state = new JournalState()
  const damage: Damage[] = []
  let offset = 0
  while (offset < bytes.length) {
    const found = bytes.indexOf(LINE_BREAK, offset)
    const end = found === -1 ? bytes.length : found
    const entries = decodeEntries(bytes.subarray(offset, end))
    if (!(entries instanceof Unreadable)) for (const entry of entries) state.apply(entry)
    else if (found === -1) return { state, damage, tornBytes: end - offset }
    else damage.push({ offset, bytes: end - offset, why: entries.why })
    offset = end + 1
  }
  return { state, damage, tornBytes: 0 }
}

import fc from 'fast-check'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { parseWide } from '../../../src/utils/exact-json.js'
import type { JsonObject } from '../../../src/utils/json.js'

const text = fc.string({ unit: 'binary', maxLength: 20 })
/** A short list of ids, because several entries must be about one task. */
const taskId = fc.constantFrom('t1', 't2', 't3', 't4', 't\n5')
const from = fc.constantFrom('http://one', 'http://two')

const accepted = fc.record({
  fact: fc.constant('accepted' as const),
  from,
  workerId: text,
  jobId: text,
  taskId,
  taskName: text,
})

const data = fc.dictionary(fc.string(), fc.jsonValue(), {
  maxKeys: 3,
  noNullPrototype: true,
}) as fc.Arbitrary<JsonObject>

const outcome = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), status: text, data }),
  fc.record({ kind: fc.constant('failure' as const), error: fc.record({ code: text, message: text }) }),
  fc.constant({ kind: 'cancelled' as const }),
)

const finished = fc.record({
  fact: fc.constant('finished' as const),
  from,
  result: fc.record({ jobId: text, taskId, workerId: text, outcome }),
})

const settled = fc.record({ fact: fc.constant('settled' as const), taskId })

const polled = fc.record(
  {
    fact: fc.constant('polled' as const),
    from,
    workerId: text,
    openedAtMs: fc.option(fc.nat(), { nil: null }),
    holdMs: fc.nat(),
  },
  { requiredKeys: ['fact', 'from', 'workerId', 'openedAtMs'] },
)

/** Any entry, in the form in which a journal returns it: large numbers are bigints. */
export const anyEntry: fc.Arbitrary<JournalEntry> = fc
  .oneof(accepted, finished, settled, polled)
  .map((entry) => parseWide(JSON.stringify(entry)) as JournalEntry)

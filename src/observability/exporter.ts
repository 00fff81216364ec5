import { within } from '../utils/time.js'
import { VERSION } from '../version.js'
import { EventLoopLag } from './event-loop-lag.js'
import {
  fullName,
  OWN_FAMILIES,
  type OwnFamilyName,
  PROCESS_FAMILIES,
  type ProcessFamilyName,
} from './families.js'
import type { Observed } from './observed.js'
import { ownSamples } from './own-samples.js'
import { processSamples } from './process-samples.js'
import { type FilledFamily, type MetricsFormat, writeText } from './write-text.js'

/** A disk that hangs must not keep a scrape waiting for longer, in ms. */
const RECOUNT_MS = 1_000

const namesOf = <Name extends string>(families: Readonly<Record<Name, unknown>>): readonly Name[] =>
  Object.keys(families) as Name[]

/** Writes the metrics of one worker. */
export class Exporter {
  readonly #lag = new EventLoopLag()

  /** @param withProcess - whether to add the families of the process */
  async text(observe: () => Observed, format: MetricsFormat, withProcess: boolean): Promise<string> {
    const { journal } = observe()
    // People and the command line remove dead letters.
    if (journal.deadLetters) await within(RECOUNT_MS, journal.deadLetters.recount())
    const ofProcess = withProcess ? await this.#processFamilies() : []
    return writeText([...this.#ownFamilies(observe()), ...ofProcess], format)
  }

  close(): void {
    this.#lag.close()
  }

  #ownFamilies(observed: Observed): readonly FilledFamily[] {
    const samples = ownSamples(observed, this.#lag.read(), VERSION)
    return namesOf<OwnFamilyName>(OWN_FAMILIES).map((name) => ({
      name: fullName(name),
      family: OWN_FAMILIES[name],
      samples: samples[name],
    }))
  }

  async #processFamilies(): Promise<readonly FilledFamily[]> {
    const samples = await processSamples()
    return namesOf<ProcessFamilyName>(PROCESS_FAMILIES).map((name) => ({
      name,
      family: PROCESS_FAMILIES[name],
      samples: samples[name],
    }))
  }
}

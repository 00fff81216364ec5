import { expect, onTestFinished, test } from 'vitest'
import { missingAt } from '../support/compat/features.js'
import { lineOf, writtenLine } from '../support/compat/table.js'
import { startPublished } from '../support/interop/each-orchestrator.js'

test.each(['1.0b8', '1.0b11', '1.0b27', '1.0b30'])(
  'docs/compatibility.md says what %s does and does not',
  async (version) => {
    const orchestrator = await startPublished(version, { talkative: true })
    onTestFinished(() => orchestrator.stop())
    const missing = await missingAt(orchestrator)
    // `npm run compat` writes it anew, and names what is missing.
    expect(lineOf(version, missing), [...missing.values()].join('\n')).toBe(writtenLine(version))
  },
)

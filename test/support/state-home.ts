import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, onTestFinished } from 'vitest'

// A worker outside of a test has no journal, rather than one in the home of whoever runs the tests.
process.env['XDG_STATE_HOME'] = '/dev/null/outside-of-a-test'

/**
 * Each test has a state directory of its own. Ports come again within a file, and a worker that finds the journal of an
 * earlier test believes that the orchestrator on that port still holds a poll.
 */
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'avtomatika-state-'))
  process.env['XDG_STATE_HOME'] = folder
  // The first to be registered is the last to be called: the workers of the test have stopped by then.
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

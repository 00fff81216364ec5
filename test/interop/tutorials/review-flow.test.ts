import { mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { pack } from '../../../scripts/pack/tarball.mjs'
import { checkEnvironment, interpreterOf, mayNotSkip } from '../../support/interop/each-orchestrator.js'
import { findRedisServer } from '../../support/interop/redis-server.js'
import { followPage } from '../../support/pages/follow-page.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const PAGE = fileURLToPath(new URL('../../../docs/start/review-flow.md', import.meta.url))
/** The page installs the newest dependencies of the orchestrator. A test has to install the same ones each time. */
const PINNED = fileURLToPath(
  new URL('../../support/interop/requirements/orchestrator-1.0b30.txt', import.meta.url),
)

test('the tutorial of the review flow does what it shows', async ({ skip }) => {
  const missing = await checkEnvironment()
  if (missing !== undefined) {
    expect(mayNotSkip()).toBe(false)
    skip(missing)
  }
  const clone = join(temporaryFolder(), 'clone')
  mkdirSync(clone)
  pack(clone)
  const redis = (await findRedisServer(await interpreterOf('orchestrator-1.0b30'))) ?? 'redis-server'
  const path = [process.env['PATH'], ...(redis.includes('/') ? [dirname(redis)] : [])].join(delimiter)
  await followPage(PAGE, {
    folder: clone,
    ports: [6379, 8080, 8083],
    env: { PATH: path, PIP_CONSTRAINT: PINNED },
  })
}, 600_000)

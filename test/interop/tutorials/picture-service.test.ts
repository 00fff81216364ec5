import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { pack } from '../../../scripts/pack/tarball.mjs'
import { followPage } from '../../support/pages/follow-page.js'
import { versitygwProgram } from '../../support/s3/servers.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const PAGE = fileURLToPath(new URL('../../../docs/start/picture-service.md', import.meta.url))
const PICTURES = fileURLToPath(new URL('../../../examples/pictures', import.meta.url))

/** What a clone has in which the package was packed. */
const cloneFolder = (): string => {
  const clone = join(temporaryFolder(), 'clone')
  mkdirSync(clone)
  pack(clone)
  cpSync(PICTURES, join(clone, 'examples/pictures'), { recursive: true })
  return clone
}

test('the tutorial of the picture service does what it shows', async ({ skip }) => {
  // The tutorial builds its S3 server, too. With the packages that this build leaves, it takes seconds.
  skip(
    (await versitygwProgram()) === undefined,
    'the tutorial needs Go and its module proxy for its S3 server',
  )
  await followPage(PAGE, { folder: cloneFolder(), ports: [7070, 8080, 8083] })
}, 600_000)

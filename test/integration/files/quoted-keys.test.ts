import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { PermanentError } from 'avtomatika-worker'
import { expect, onTestFinished, test } from 'vitest'
import { S3Store } from '../../../src/storage/s3-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const KEYS = { accessKey: 'access-QUIET-1', secretKey: 'secret-QUIET-2' }

test('an error of a store that quotes the keys shows none of them', async () => {
  const quoted = Object.values(KEYS).join(' ')
  const server = createServer((_, answer) => {
    answer.writeHead(403, { 'content-type': 'application/xml', connection: 'close' })
    answer.end(
      `<Error><Code>SignatureDoesNotMatch</Code><Message>not ${quoted}</Message><StringToSign>${quoted}</StringToSign></Error>`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const store = new S3Store({ endpointUrl, ...KEYS, maxConcurrency: 1 })
  const path = join(temporaryFolder(), 'file')
  const { signal } = new AbortController()
  const failure = store.download({ bucket: 'b', key: 'k' }, path, { signal, maxBytes: 10 } as never)
  const error = await failure.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(PermanentError)
  expect((error as Error).message).toContain('not *** ***')
  expect(inspect(error, { depth: 9 })).not.toContain('QUIET')
})

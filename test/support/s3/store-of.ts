import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { S3Store } from '../../../src/storage/s3-store.js'
import { temporaryFolder } from '../files/temporary-folder.js'
import { type Exchange, type OwnS3, startOwnS3 } from './own-s3.js'

export const AT = { bucket: 'b', key: 'k' } as const

/** A store of the worker's, in front of an S3 of the tests' own. */
export const storeOf = async ({ retryMaxMs = 60_000 } = {}) => {
  const s3 = await startOwnS3()
  const access = { endpointUrl: s3.url, accessKey: 'a', secretKey: 's', maxConcurrency: 8 }
  const store = new S3Store({ ...access, retryMaxMs })
  const folder = await temporaryFolder()
  let files = 0
  const { signal } = new AbortController()
  /** Downloads the object `k`. Gives its content and what the store says of it. */
  const download = async (options: { accept?: (bytes: number) => void } = {}) => {
    const path = join(folder, `${++files}`)
    const stored = await store.download(AT, path, { signal, ...options })
    return { ...stored, content: await readFile(path) }
  }
  return { s3, store, folder, signal, download }
}

/** What the requests of one method had as `Range` and as `If-Match`. */
export const rangesOf = ({ requests }: OwnS3, method = 'GET') =>
  requests.filter((each) => each.method === method).map(({ range }) => range)

/** The first byte that a request asks for. */
export const startOf = ({ seen }: Pick<Exchange, 'seen'>): number =>
  Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0)

/** Sends the beginning of a body, then breaks the connection. */
export const cut = ({ response }: Pick<Exchange, 'response'>, body: Buffer, after: number): void => {
  response.write(body.subarray(0, after), () => response.destroy())
}

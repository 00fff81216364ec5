/**
 * A store of your own: `s3://` values are files below a folder.
 *
 *   STORE_FOLDER=./store npx avtomatika-worker dev folder-store.ts
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { InvalidInputError, type ObjectStore, Worker } from 'avtomatika-worker'

const folder = resolve(process.env['STORE_FOLDER'] ?? './store')

/** Keys come from params. A key such as `../secret` must not lead out of the folder. */
const pathOf = (bucket: string, key: string): string => {
  const path = resolve(folder, bucket, key)
  if (!path.startsWith(folder + sep)) throw new InvalidInputError(`s3://${bucket}/${key} is not in the store`)
  return path
}

const store: ObjectStore = {
  async *list(bucket, prefix) {
    const root = pathOf(bucket, '.')
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const key = relative(root, path).replaceAll(sep, '/')
      if (entry.isFile() && key.startsWith(prefix)) yield { key, size: (await stat(path)).size }
    }
  },
  async download({ bucket, key }, path, { signal, accept }) {
    const from = pathOf(bucket, key)
    const found = await stat(from).catch(() => undefined)
    if (!found?.isFile()) throw new InvalidInputError(`s3://${bucket}/${key} does not exist`)
    accept?.(found.size)
    await pipeline(createReadStream(from), createWriteStream(path, { flags: 'wx' }), { signal })
    return { size: found.size }
  },
  async upload(path, { bucket, key }, { signal }) {
    const to = pathOf(bucket, key)
    await mkdir(dirname(to), { recursive: true })
    await pipeline(createReadStream(path), createWriteStream(to), { signal })
    return { size: (await stat(to)).size }
  },
}

const worker = new Worker({ objectStore: store })

worker.task('shout', async ({ text, name }, { files }) => {
  await files.write('loud.txt', String(text).toUpperCase())
  // Params must not have the whole URI: `s3://` values in params are downloaded before the handler runs.
  const { uri } = await files.upload('loud.txt', `s3://notes/${name}`)
  const back = await files.download(uri, 'back.txt')
  return { data: { uri, size: back.size } }
})

await worker.runWithHealthCheck()

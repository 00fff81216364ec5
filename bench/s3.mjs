// @ts-check
/**
 * How fast files go to and from an S3 server, against the AWS SDK's own plain way on the same server in the same run, and how
 * much memory that takes. Needs a server and a bucket:
 *
 *   npm run build && node bench/s3.mjs http://127.0.0.1:9000 bucket [megabytes]
 *
 * Each of the four measurements has a process of its own and five turns; the ratios of the medians are what counts.
 */
import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

const KEYS = { accessKeyId: 'test-access', secretAccessKey: 'test-secret' }
const TURNS = 5

/** @typedef {{ url: string, bucket: string, file: string, folder: string }} Place */

/** @param {Place} place */
const ours = async ({ url, bucket, file, folder }) => {
  const { S3Store } = await import('../dist/storage/s3-store.js')
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = KEYS
  const store = new S3Store({ endpointUrl: url, accessKey, secretKey, maxConcurrency: 8 })
  const { signal } = new AbortController()
  const at = { bucket, key: 'bench-parts' }
  // The SDK is loaded at the first object.
  await store.download({ bucket, key: 'not-there' }, join(folder, 'none'), { signal }).catch(() => {})
  rmSync(join(folder, 'none'), { force: true })
  return {
    up: () => store.upload(file, at, { signal }),
    // The same object as the other: one whose checksum the server tells, so that both verify it.
    down: () => store.download({ bucket, key: 'bench-whole' }, join(folder, 'ours'), { signal }),
  }
}

/** @param {Place} place */
const plain = async ({ url, bucket, file, folder }) => {
  const { S3Client, PutObjectCommand, GetObjectCommand } = await import('@aws-sdk/client-s3')
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: KEYS })
  const at = { Bucket: bucket, Key: 'bench-whole' }
  return {
    up: () =>
      client.send(
        new PutObjectCommand({ ...at, Body: createReadStream(file), ContentLength: statSync(file).size }),
      ),
    down: async () => {
      const { Body } = await client.send(new GetObjectCommand(at))
      await pipeline(
        /** @type {import('node:stream').Readable} */ (Body),
        createWriteStream(join(folder, 'plain')),
      )
    },
  }
}

/** @param {string} who @param {'up' | 'down'} way @param {Place} place */
const measure = async (who, way, place) => {
  const ways = await (who === 'ours' ? ours(place) : plain(place))
  const before = process.memoryUsage.rss()
  const cpuBefore = process.cpuUsage()
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 20)
  const start = performance.now()
  await ways[way]()
  const seconds = (performance.now() - start) / 1_000
  clearInterval(watching)
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpuSeconds = (user + system) / 1_000_000
  console.log(JSON.stringify({ seconds, cpuSeconds, growth: (most - before) / 1_048_576 }))
}

/** @param {number[]} values */
const median = (values) => values.sort((one, other) => one - other)[values.length >> 1] ?? 0

/** @param {string} url @param {string} bucket @param {number} megabytes */
const compare = (url, bucket, megabytes) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-s3-'))
  const file = join(folder, 'file')
  try {
    const piece = Buffer.alloc(1_048_576, 'a piece of a large file ')
    const fd = openSync(file, 'w')
    for (let index = 0; index < megabytes; index++) writeSync(fd, piece)
    for (const way of ['up', 'down']) {
      /** @type {Record<string, { speed: number[], cpu: number[], growth: number[] }>} */
      const found = { ours: { speed: [], cpu: [], growth: [] }, plain: { speed: [], cpu: [], growth: [] } }
      for (let turn = 0; turn < TURNS; turn++) {
        for (const [who, { speed, cpu, growth }] of Object.entries(found)) {
          const args = [fileURLToPath(import.meta.url), '--one', who, way, url, bucket, file, folder]
          rmSync(join(folder, who), { force: true })
          const {
            seconds,
            cpuSeconds,
            growth: grown,
          } = JSON.parse(
            execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
          )
          speed.push(megabytes / seconds)
          cpu.push(cpuSeconds)
          growth.push(grown)
        }
      }
      const [mine = 0, theirs = 0] = Object.values(found).map(({ speed }) => median(speed))
      const [myCpu = 0, theirCpu = 0] = Object.values(found).map(({ cpu }) => median(cpu))
      const memory = Object.entries(found).map(
        ([who, { growth }]) => `${who} +${median(growth).toFixed(0)} MB`,
      )
      console.log(
        `${way}: ${mine.toFixed(0)} MB/s, the SDK alone ${theirs.toFixed(0)}: ratio ${(mine / theirs).toFixed(2)}; CPU ratio ${(myCpu / theirCpu).toFixed(2)}; memory ${memory.join(', ')}`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const [first = '', ...rest] = process.argv.slice(2)
if (first === '--one') {
  const [who = '', way, url = '', bucket = '', file = '', folder = ''] = rest
  await measure(who, way === 'up' ? 'up' : 'down', { url, bucket, file, folder })
} else {
  const [bucket = 'bucket', megabytes = '2048'] = rest
  compare(first, bucket, Number(megabytes))
}

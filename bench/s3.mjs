// @ts-check
/**
 * Measures transfers to and from an S3 server: speed and memory of one large file, compared with the plain streams of the
 * AWS SDK in the same run, and the time of many small files.
 *
 *   npm run build && node bench/s3.mjs                     # starts versitygw, which needs Go for the first run
 *   node bench/s3.mjs --megabytes 512 --turns 3 --files 0  # shorter
 *   node bench/s3.mjs --against <folder>                   # small files with the dist/ of that folder, too
 *   node bench/s3.mjs --https                              # over TLS, which needs openssl
 *   node bench/s3.mjs --url http://127.0.0.1:9000 --bucket b
 *
 * The keys are `test-access` and `test-secret`. Each measurement has a process of its own. The medians of the turns count.
 */
import { execFile } from 'node:child_process'
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
import { parseArgs, promisify } from 'node:util'

const KEYS = { accessKeyId: 'test-access', secretAccessKey: 'test-secret' }

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

/** The environment of the programs of this bench: with `--https` they trust the certificate of the server. */
const environment = { ...process.env }

/** Runs a program of this bench. Not in a synchronous call: somebody has to read the log of the server meanwhile. @param {string[]} args */
const outputOf = async (args) =>
  JSON.parse((await promisify(execFile)(process.execPath, args, { env: environment })).stdout)

/** @param {number[]} values */
const median = (values) => values.sort((one, other) => one - other)[values.length >> 1] ?? 0

/** @param {string} url @param {string} bucket @param {number} megabytes @param {number} turns */
const compare = async (url, bucket, megabytes, turns) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-s3-'))
  const file = join(folder, 'file')
  try {
    const piece = Buffer.alloc(1_048_576, 'a piece of a large file ')
    const fd = openSync(file, 'w')
    for (let index = 0; index < megabytes; index++) writeSync(fd, piece)
    for (const way of ['up', 'down']) {
      /** @type {Record<string, { speed: number[], cpu: number[], growth: number[] }>} */
      const found = { ours: { speed: [], cpu: [], growth: [] }, plain: { speed: [], cpu: [], growth: [] } }
      for (let turn = 0; turn < turns; turn++) {
        for (const [who, { speed, cpu, growth }] of Object.entries(found)) {
          const args = [fileURLToPath(import.meta.url), '--one', who, way, url, bucket, file, folder]
          rmSync(join(folder, who), { force: true })
          const { seconds, cpuSeconds, growth: grown } = await outputOf(args)
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

/** @param {string} url @param {string} bucket @param {number} files @param {number} turns @param {string | undefined} against */
const compareFiles = async (url, bucket, files, turns, against) => {
  const program = fileURLToPath(new URL('lib/s3-files.mjs', import.meta.url))
  const here = fileURLToPath(new URL('..', import.meta.url))
  /** @type {Record<string, { up: number[], down: number[], most: number }>} */
  const found = {}
  for (let turn = 0; turn < turns; turn++) {
    for (const project of against === undefined ? [here] : [here, against]) {
      const args = [program, project, url, bucket, `${files}`]
      const { up, down, most } = await outputOf(args)
      const all = found[project] ?? { up: [], down: [], most: 0 }
      found[project] = all
      all.up.push(up)
      all.down.push(down)
      all.most = Math.max(all.most, most)
    }
  }
  for (const [project, { up, down, most }] of Object.entries(found)) {
    const figures = `up ${median(up).toFixed(1)} s, down ${median(down).toFixed(1)} s, at most ${most} requests at once`
    console.log(`${files} small files, ${project === here ? 'this build' : project}: ${figures}`)
  }
}

/** Starts a server with a bucket. The code for that is the tests'. @param {string | undefined} tlsFolder */
const startServer = async (tlsFolder) => {
  const { register } = await import('tsx/esm/api')
  register()
  const { SERVERS } = await import('../test/support/s3/servers.js')
  const { Authority } = await import('../test/support/tls/certificates.js')
  const versitygw = await SERVERS['versitygw']?.()
  if (!versitygw || 'missing' in versitygw)
    throw new Error(`versitygw needs ${versitygw?.missing}: use --url`)
  const authority = tlsFolder === undefined ? undefined : new Authority(tlsFolder)
  if (authority) environment['NODE_EXTRA_CA_CERTS'] = authority.caPath
  const server = await versitygw.start(authority?.issue('server'))
  const args = [fileURLToPath(import.meta.url), '--bucket-in', server.url]
  await outputOf(args)
  return server
}

/** @param {string} url */
const makeBucket = async (url) => {
  const { CreateBucketCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: KEYS })
  await client.send(new CreateBucketCommand({ Bucket: 'bucket' }))
  console.log('{}')
}

const [first = '', ...rest] = process.argv.slice(2)
if (first === '--one') {
  const [who = '', way, url = '', bucket = '', file = '', folder = ''] = rest
  await measure(who, way === 'up' ? 'up' : 'down', { url, bucket, file, folder })
} else if (first === '--bucket-in') {
  await makeBucket(rest[0] ?? '')
} else {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      https: { type: 'boolean', default: false },
      bucket: { type: 'string', default: 'bucket' },
      megabytes: { type: 'string', default: '2048' },
      files: { type: 'string', default: '5000' },
      turns: { type: 'string', default: '5' },
      against: { type: 'string' },
    },
  })
  const { bucket, megabytes, files, turns, against } = values
  const tlsFolder = values.https ? mkdtempSync(join(tmpdir(), 'bench-tls-')) : undefined
  const server = values.url === undefined ? await startServer(tlsFolder) : undefined
  const url = values.url ?? server?.url ?? ''
  try {
    if (Number(megabytes) > 0) await compare(url, bucket, Number(megabytes), Number(turns))
    if (Number(files) > 0) await compareFiles(url, bucket, Number(files), Number(turns), against)
  } finally {
    await server?.stop()
    if (tlsFolder !== undefined) rmSync(tlsFolder, { recursive: true })
  }
}

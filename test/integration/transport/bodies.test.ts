import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HttpTransport } from '../../../src/transport/http.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const REQUEST = { method: 'GET', path: '/x/tasks/next', deadlineMs: 5_000 } as const
const TEXT = JSON.stringify({ text: 'Grüße 🎨' })

/** Sends one request to a server that answers it with this body. */
const receive = async (
  body: Buffer,
  encoding: string | undefined,
  more: { status?: number; maxBytes?: number; takesCut?: boolean } = {},
) => {
  const { status = 200, ...limits } = more
  const server = await RawOrchestrator.start()
  const transport = new HttpTransport({ url: server.url }, {}, 1)
  onTestFinished(() => transport.close())
  const headers = { ...(encoding !== undefined && { 'content-encoding': encoding }) }
  server.answers('poll', { status, body, headers })
  return transport.send({ ...REQUEST, ...limits })
}

const utf16le = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

describe('§1.1.8 a body with', () => {
  test.each([
    ['a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16 (little endian)', utf16le(TEXT)],
    ['UTF-16 (big endian)', utf16le(TEXT).swap16()],
  ])('%s is read', async (_, body) => {
    expect((await receive(body, undefined)).text).toBe(TEXT)
  })

  test.each([
    ['gzip', 'gzip', gzipSync(TEXT)],
    ['gzip by its old name', 'X-GZip', gzipSync(TEXT)],
    ['br', 'br', brotliCompressSync(TEXT)],
    ['deflate', 'deflate', deflateSync(TEXT)],
    ['deflate without a header', 'deflate', deflateRawSync(TEXT)],
    ['two encodings', 'gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['identity', 'identity', Buffer.from(TEXT)],
    ['gzip and a byte order mark', 'gzip', gzipSync(`\ufeff${TEXT}`)],
    ['a header that a proxy left behind', 'gzip', Buffer.from(TEXT)],
    ['the same header and white space', 'br', Buffer.from(`\r\n ${TEXT}`)],
  ])('%s is read', async (_, encoding, body) => {
    expect((await receive(body, encoding)).text.trim()).toBe(TEXT)
  })

  test('an encoding and many bytes is read', async () => {
    // The brotli format begins large bodies with an opening bracket.
    const long = JSON.stringify({ text: 'x'.repeat(70_000) })
    expect((await receive(brotliCompressSync(long), 'br', { maxBytes: 100_000 })).text).toBe(long)
  })
})

describe('§1.1.8 an encoded body', () => {
  test.each([
    ['of an unknown encoding', 'zstd', Buffer.from('(µ/ý'), 'unknown content encoding "zstd"'],
    ['that is damaged', 'gzip', gzipSync(TEXT).subarray(0, 20), 'unexpected end of file'],
    ['that is not encoded so', 'gzip', Buffer.from('<html>'), 'incorrect header check'],
    ['of many encodings', 'gzip, gzip, gzip', gzipSync(TEXT), 'more than 2 content encodings'],
    ['that decodes to too much', 'gzip', gzipSync('x'.repeat(100_000)), 'exceeds 65536 bytes'],
  ])('%s fails the request', async (_, encoding, body, why) => {
    await expect(receive(body, encoding)).rejects.toThrow(/body cannot be decoded: .*/)
    await expect(receive(body, encoding)).rejects.toThrow(why)
  })

  test('of a task that decodes to too much is read to the limit', async () => {
    const answer = await receive(gzipSync('x'.repeat(100_000)), 'gzip', { maxBytes: 1_000, takesCut: true })
    expect(answer).toMatchObject({ text: 'x'.repeat(1_000), cutAt: 1_000 })
  })

  test('of an error that is damaged leaves the status', async () => {
    expect(await receive(Buffer.from('<html>'), 'gzip', { status: 503 })).toMatchObject({
      status: 503,
      text: '',
    })
  })
})

test('§1.1.8 a task in a compressed body is done', async () => {
  const raw = await RawOrchestrator.start()
  const { worker } = testWorker({ url: raw.url })
  worker.task('echo', (params) => ({ data: params }))
  await worker.start()
  const task = { job_id: 'j', task_id: 't', type: 'echo', params: { n: 1 } }
  raw.endPoll({ body: gzipSync(JSON.stringify(task)), headers: { 'content-encoding': 'gzip' } })
  expect((await raw.next('result')).body).toMatchObject({ task_id: 't', result: { data: { n: 1 } } })
})

test('§1.1.8 a command with a byte order mark is read', async () => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url, variables: { WORKER_ENABLE_WEBSOCKETS: true } })
  const heard = new Promise((resolve) => worker.onCommand('refresh', resolve))
  await worker.start()
  const peer = await orchestrator.peers.next()
  peer.say(`\ufeff${JSON.stringify({ command: 'refresh', depth: 2 })}`)
  expect(await heard).toMatchObject({ depth: 2 })
})

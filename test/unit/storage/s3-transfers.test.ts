import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as sdk from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PermanentError, TransientError } from '../../../src/errors.js'
import { EtagKinds } from '../../../src/storage/etag.js'
import type { S3 } from '../../../src/storage/patient-client.js'
import { downloadObject } from '../../../src/storage/s3-download.js'
import { Patience } from '../../../src/storage/s3-retry.js'
import { PartBuffers, uploadObject } from '../../../src/storage/s3-upload.js'
import { Limiter } from '../../../src/utils/limiter.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'

const SILENCE_MS = 500
const AT = { bucket: 'b', key: 'k' }

/** What is sent: the SDK's command, and the signal that ends the request. */
type Send = (command: unknown, options: { abortSignal?: AbortSignal }) => Promise<unknown>

/** The SDK with a client that sends nothing: only the timers of the transfers themselves run. */
const s3With = (send: Send): S3 => ({
  sdk,
  client: { send } as unknown as sdk.S3Client,
  brief: { send } as unknown as sdk.S3Client,
  silenceMs: SILENCE_MS,
  etags: new EtagKinds(false),
  patience: new Patience(0),
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('an upload in parts that fails', () => {
  const denied = Object.assign(new Error('no'), { name: 'AccessDenied' })

  /** Uploads a file of two parts, both of which are denied. */
  const upload = async (abandon: Send) => {
    const path = join(await temporaryFolder(), 'file')
    await writeFile(path, Buffer.alloc(8 * 1_048_576 + 1))
    const s3 = s3With(async (command, options) => {
      if (command instanceof sdk.CreateMultipartUploadCommand) return { UploadId: 'u1' }
      if (command instanceof sdk.AbortMultipartUploadCommand) return abandon(command, options)
      throw denied
    })
    const { signal } = new AbortController()
    return uploadObject(s3, path, AT, { signal }, new PartBuffers(new Limiter(8)))
  }

  test.each<[string, Send]>([
    ['answers', async () => ({})],
    ['answers with an error', () => Promise.reject(new Error('no such upload'))],
  ])('leaves no timer when the store %s to that', async (_, abandon) => {
    await expect(upload(abandon)).rejects.toThrow(PermanentError)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits ten seconds and no longer for a store that does not answer to that', async () => {
    let asked = (_: AbortSignal) => {}
    const request = new Promise<AbortSignal>((resolve) => {
      asked = resolve
    })
    const failed = upload((_, { abortSignal }) => {
      if (abortSignal) asked(abortSignal)
      return new Promise((_resolve, reject) => abortSignal?.addEventListener('abort', reject))
    }).catch((error: unknown) => error)
    const abandoning = await request
    await vi.advanceTimersByTimeAsync(9_999)
    expect(abandoning.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(abandoning.aborted).toBe(true)
    expect(await failed).toBeInstanceOf(PermanentError)
  })
})

describe('a download', () => {
  const download = async (body: Readable, signal = new AbortController().signal) => {
    const path = join(await temporaryFolder(), 'file')
    return downloadObject(
      s3With(async () => ({ Body: body, ContentLength: 3 })),
      AT,
      path,
      { signal },
    )
  }

  test('leaves no timer when it has ended', async () => {
    expect(await download(Readable.from([Buffer.from('abc')]))).toEqual({ size: 3 })
  })

  test('destroys the body and leaves no timer when its task is aborted', async () => {
    const body = new Readable({ read() {} })
    const task = new AbortController()
    const failed = download(body, task.signal).catch((error: unknown) => error)
    body.push(Buffer.from('a'))
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve))
    const reason = new TransientError('enough')
    task.abort(reason)
    expect(await failed).toBe(reason)
    expect(body.destroyed).toBe(true)
  })
})

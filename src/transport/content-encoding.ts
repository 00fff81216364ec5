import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { Body } from './body.js'

/** A body after its content encodings were removed. */
export interface Decoded {
  readonly bytes: Buffer
  /** Whether the decoded body exceeds the limit. `bytes` is its start then. */
  readonly isCut: boolean
}

/** More encodings than this are an attack: a few kilobytes would decode to terabytes. */
const MAX_ENCODINGS = 2

/** The low half of the first byte of a `deflate` body with the zlib header. Some servers send none. */
const ZLIB_METHOD = 8

/**
 * Removes the content encodings of a body. The worker asks for none, but a proxy may add one anyway. Decoding runs outside
 * the event loop, and stops at the limit.
 *
 * @param encodings - the header `Content-Encoding`
 * @throws Error if an encoding is unknown, or if the body is damaged
 */
export const decode = async (body: Buffer, encodings: string, maxBytes: number): Promise<Decoded> => {
  const names = encodings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const applied = names.filter((name) => name !== '' && name !== 'identity')
  if (applied.length > MAX_ENCODINGS) throw new Error(`more than ${MAX_ENCODINGS} content encodings`)
  let decoded: Decoded = { bytes: body, isCut: false }
  // The last encoding was applied last.
  for (const name of applied.reverse()) {
    if (decoded.isCut) break
    decoded = await decodeOne(decoded.bytes, name, maxBytes)
  }
  return decoded
}

const decodeOne = async (bytes: Buffer, name: string, maxBytes: number): Promise<Decoded> => {
  if (bytes.length === 0) return { bytes, isCut: false }
  try {
    return await collect(await decoderFor(name, bytes), bytes, maxBytes)
  } catch (error) {
    // Some proxies decode the body and keep the header.
    if (startsLikeJson(bytes)) return { bytes, isCut: false }
    throw error
  }
}

const startsLikeJson = (bytes: Buffer): boolean =>
  /^(?:\xef\xbb\xbf)?\s*[{[]/.test(bytes.toString('latin1', 0, 32))

/** Only a worker that meets an encoded body loads zlib. */
const decoderFor = async (name: string, bytes: Buffer): Promise<Transform> => {
  const zlib = await import('node:zlib')
  if (name === 'gzip' || name === 'x-gzip') return zlib.createGunzip()
  if (name === 'br') return zlib.createBrotliDecompress()
  if (name !== 'deflate') throw new Error(`unknown content encoding "${name.slice(0, 40)}"`)
  return ((bytes[0] ?? 0) & 0x0f) === ZLIB_METHOD ? zlib.createInflate() : zlib.createInflateRaw()
}

const collect = async (decoder: Transform, bytes: Buffer, maxBytes: number): Promise<Decoded> => {
  const body = new Body(Buffer.alloc(0), maxBytes)
  let isCut = false
  decoder.on('data', (chunk: Buffer) => {
    if (isCut || body.add(chunk)) return
    isCut = true
    decoder.destroy()
  })
  const closed = once(decoder, 'close')
  decoder.end(bytes)
  await closed
  return { bytes: body.bytes, isCut }
}

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { parseWide } from '../../utils/exact-json.js'
import { isTooDeep } from '../json-depth.js'

/** The longest body that the real orchestrator reads, in bytes. */
export const MAX_BYTES = 1024 * 1024

/** The parsed body of a request. A body that is nested too deep is `unreadable`. */
export type Body =
  | { readonly kind: 'empty' | 'unreadable' | 'too_long' }
  | { readonly kind: 'json'; readonly value: unknown; readonly text: string }

const UNREADABLE: Body = { kind: 'unreadable' }
const TOO_LONG: Body = { kind: 'too_long' }

const joined = (chunks: Buffer[], length: number): Buffer =>
  chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length)

const collect = (incoming: IncomingMessage): Promise<Body> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = (whole: boolean) => {
      incoming.off('data', onChunk).pause()
      resolve(whole ? parse(joined(chunks, length)) : length > MAX_BYTES ? TOO_LONG : UNREADABLE)
    }
    const onChunk = (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_BYTES) finish(false)
      else chunks.push(chunk)
    }
    incoming.on('data', onChunk)
    incoming.once('end', () => finish(true))
    incoming.once('error', () => finish(false))
    incoming.once('close', () => finish(false))
  })

const parse = (bytes: Buffer): Body => {
  if (bytes.length === 0) return { kind: 'empty' }
  if (!isUtf8(bytes)) return UNREADABLE
  try {
    const text = bytes.toString()
    if (isTooDeep(text)) return UNREADABLE
    return { kind: 'json', value: parseWide(text), text }
  } catch {
    return UNREADABLE
  }
}

/** Reads the body of a request, up to {@link MAX_BYTES}. */
export const readBody = async (incoming: IncomingMessage): Promise<Body> => {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BYTES) return TOO_LONG
  return collect(incoming)
}

import { type IncomingMessage, request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { after } from '../utils/time.js'

/** What came back. */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly value: unknown }
  /** The body is not JSON. */
  | { readonly kind: 'other'; readonly status: number }
  | { readonly kind: 'refused'; readonly why: string }
  /** There was a connection, but no answer in time. */
  | { readonly kind: 'silent' }

/** A longer body is not read, in bytes. */
const LONGEST = 16 * 1_048_576

/** Requests a JSON document without a proxy. Never rejects. */
export const getJson = (
  url: string,
  headers: Readonly<Record<string, string>>,
  deadlineMs: number,
): Promise<Answer> =>
  new Promise((resolve) => {
    let isConnected = false
    const call = (url.startsWith('https:') ? secure : plain)(url, { headers, agent: false }, (response) => {
      void read(response).then((text) => end(parsed(response.statusCode ?? 0, text)))
    })
    const end = (answer: Answer): void => {
      deadline.cancel()
      resolve(answer)
      call.destroy()
    }
    const deadline = after(deadlineMs, () =>
      end(isConnected ? { kind: 'silent' } : { kind: 'refused', why: 'no connection in time' }),
    )
    call.once('socket', (socket) => {
      socket.once('connect', () => {
        isConnected = true
      })
    })
    call.on('error', (error: NodeJS.ErrnoException) =>
      end({ kind: 'refused', why: error.code ?? error.message }),
    )
    call.end()
  })

/** Returns `undefined` if the body breaks off or is too long. */
const read = async (response: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > LONGEST) return undefined
    }
    return Buffer.concat(chunks).toString()
  } catch {
    return undefined
  }
}

const parsed = (status: number, text: string | undefined): Answer => {
  try {
    if (text !== undefined) return { kind: 'json', status, value: JSON.parse(text) }
  } catch {
    // The answer comes from another program.
  }
  return { kind: 'other', status }
}

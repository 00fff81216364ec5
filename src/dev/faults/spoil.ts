import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Timer } from '../../utils/time.js'
import type { DevClock } from '../clock.js'

/** The body of an answer, when it is about to be sent. */
export type Send = (body: Buffer) => void

/** Resets a connection. One that this end has closed already cannot be reset. */
export const reset = (socket: Socket | null): true => {
  if (socket?.writableEnded) socket.destroy()
  else socket?.resetAndDestroy()
  return true
}

/**
 * Lets `spoil` send the answer instead of Node. It gets the body and a function that sends a body as usual. The head is
 * written by then.
 */
export const intercept = (response: ServerResponse, spoil: (body: Buffer, send: Send) => void): void => {
  const end = response.end.bind(response) as (body: Buffer) => ServerResponse
  response.end = ((body: string | Buffer = '') => {
    response.end = end as ServerResponse['end']
    spoil(Buffer.from(body), end)
    return response
  }) as ServerResponse['end']
}

/** Sends half of the answer, and resets the connection. An answer without a body is cut in its head. */
export const cutInHalf = (response: ServerResponse, body: Buffer): void => {
  const { socket } = response
  if (body.length === 0) reset(socket)
  else response.write(body.subarray(0, body.length >> 1), () => reset(socket))
}

/** Returns a body of the same length that is no JSON. */
export const broken = (body: Buffer): Buffer => {
  const spoiled = Buffer.from(body)
  spoiled.fill('?', spoiled.length >> 1, (spoiled.length >> 1) + 4)
  if (spoiled.length > 0) spoiled.fill('{', spoiled.length - 1)
  return spoiled
}

/** Sends the answer byte by byte. */
export const drip = (response: ServerResponse, body: Buffer, everyMs: number, clock: DevClock): void => {
  let timer: Timer | undefined
  let at = 0
  const next = () => {
    if (at >= body.length) {
      response.end()
      return
    }
    response.write(body.subarray(at, ++at))
    timer = clock.after(everyMs, next)
  }
  response.once('close', () => timer?.cancel())
  next()
}

const PAGE = '<!doctype html><title>Welcome</title><h1>It works!</h1>'

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** The answers of faults that answer themselves. */
export const ANSWERS: Readonly<Record<'401' | '429' | '500' | 'elsewhere', Answer>> = {
  '401': { status: 401, type: 'application/json', body: '{"error": "Unauthorized: Invalid token"}' },
  '429': { status: 429, type: 'application/json', body: '{"error": "Too Many Requests"}' },
  '500': { status: 500, type: 'text/plain', body: '500 Internal Server Error' },
  elsewhere: { status: 200, type: 'text/html', body: PAGE },
}

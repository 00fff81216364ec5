import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** The worker that a socket's path names. */
export const workerIdOf = (path: string): string | undefined => {
  const raw = /^\/_worker\/ws\/([^/]+)$/.exec(path)?.[1]
  try {
    return raw === undefined ? undefined : decodeURIComponent(raw)
  } catch {
    return raw
  }
}

/** Answers a request to upgrade that is turned down: JSON for an object, plain for a text. */
export const refuseUpgrade = (socket: Duplex, status: number, answer: string | object): void => {
  const isText = typeof answer === 'string'
  const body = isText ? answer : JSON.stringify(answer)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${isText ? 'text/plain' : 'application/json'}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

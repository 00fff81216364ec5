import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Returns the worker id in the path of a socket, or `undefined` for another path. */
export const workerIdOf = (path: string): string | undefined => {
  const raw = /^\/_worker\/ws\/([^/]+)$/.exec(path)?.[1]
  try {
    return raw === undefined ? undefined : decodeURIComponent(raw)
  } catch {
    return raw
  }
}

/** Refuses a request for a socket. An object is sent as JSON, a string as text. */
export const refuseUpgrade = (socket: Duplex, status: number, content: string | object): void => {
  const isText = typeof content === 'string'
  const body = isText ? content : JSON.stringify(content)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${isText ? 'text/plain' : 'application/json'}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

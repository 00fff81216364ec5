import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** One way to treat the request for a socket wrongly. */
export interface WrongSocket {
  readonly name: string
  treat(request: IncomingMessage, socket: Duplex): void
}

const refused = (status: string, body = ''): WrongSocket => ({
  name: `refused with ${status}`,
  treat: (_, socket) =>
    void socket.end(`HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
})

const acceptKey = (request: IncomingMessage): string =>
  createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')

/** Opens the socket, and sends these bytes. */
const opened = (name: string, frames: readonly (Buffer | string)[], ends = true): WrongSocket => ({
  name,
  treat: (request, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${acceptKey(request)}\r\n\r\n`,
    )
    for (const frame of frames) socket.write(frame)
    if (ends) socket.end()
  },
})

/** A frame of a server: never masked. */
const frame = (opcode: number, content: string | Buffer, isLast = true): Buffer => {
  const payload = Buffer.from(content)
  const first = (isLast ? 0x80 : 0) | opcode
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload])
  const header = Buffer.alloc(10)
  header[0] = first
  header[1] = 127
  header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9

const text = (name: string, ...messages: string[]): WrongSocket =>
  opened(
    name,
    messages.map((message) => frame(TEXT, message)),
  )

const closed = (code: number): WrongSocket => {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return opened(`closed with ${code}`, [frame(CLOSE, payload)])
}

/** All ways to treat a request for a socket wrongly that a worker has to survive. */
export const WRONG_SOCKETS: readonly WrongSocket[] = [
  ...['200 OK', '301 Moved', '400 Bad', '401 No', '403 No', '404 No', '426 No', '500 No', '503 No'].map(
    (status) => refused(status, 'x'),
  ),
  { name: 'reset', treat: (_, socket) => void socket.destroy() },
  { name: 'never answered', treat: () => {} },
  {
    name: 'a wrong key',
    treat: (_, socket) =>
      void socket.end(
        'HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: no\r\n\r\n',
      ),
  },
  ...[1000, 1001, 1008, 1011, 1012, 4000].map(closed),
  opened('closed with half a code', [frame(CLOSE, Buffer.from([3]))]),
  opened('a reserved opcode', [frame(5, 'x')]),
  opened('a frame of 2^63 bytes', [Buffer.from([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0])]),
  opened(
    'fragments without an end',
    Array.from({ length: 500 }, () => frame(TEXT, 'x', false)),
    false,
  ),
  opened('a continuation of nothing', [frame(0, 'x')]),
  opened(
    '500 pings',
    Array.from({ length: 500 }, (_, n) => frame(PING, `${n}`)),
    false,
  ),
  opened('text that is no UTF-8', [frame(TEXT, Buffer.from([0xff, 0xfe]))]),
  opened('binary data', [frame(BINARY, Buffer.alloc(1_000))]),
  opened('2 MB of text', [frame(TEXT, 'x'.repeat(2_000_000))]),
  text('no JSON', '{', 'null', '[]', '17', '"cancel_task"'),
  text('500 unknown commands', ...Array.from({ length: 500 }, (_, n) => `{"command":"c${n}"}`)),
  text(
    'commands of wrong types',
    '{"command":1}',
    '{"command":"cancel_task","task_id":{"toString":1},"job_id":[]}',
    '{"type":null,"command":"__proto__"}',
    '{"command":"cancel_task"}',
    '{"command":"cancel_task","task_id":"nobody","job_id":"nobody"}',
  ),
  text('deep JSON', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
]

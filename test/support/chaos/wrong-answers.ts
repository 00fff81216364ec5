import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** The endpoints of an orchestrator, as far as a worker uses them over HTTP. */
export type Endpoint = 'probe' | 'registration' | 'heartbeat' | 'poll' | 'result' | 'event' | 'token'

/** What is known of one request, for those who answer it wrongly. */
export interface Exchange {
  readonly endpoint: Endpoint
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The text of the right answer. For a poll this may be a task, which counts as given. */
  right(): string
}

/** One way to answer wrongly. */
export interface WrongAnswer {
  readonly name: string
  /** Only for these endpoints. Default: all. */
  readonly only?: readonly Endpoint[]
  answer(exchange: Exchange): void
}

const JSON_TYPE = { 'content-type': 'application/json' }

const says = (
  name: string,
  text: string | Buffer,
  status = 200,
  headers: Record<string, string> = JSON_TYPE,
) => ({
  name,
  answer: ({ response }: Exchange) => void response.writeHead(status, headers).end(text),
})

const status = (code: number, headers: Record<string, string> = {}, text = '{"error":"no"}'): WrongAnswer =>
  says(`status ${code} ${Object.values(headers).join()}`, text, code, { ...JSON_TYPE, ...headers })

/** Writes bytes in place of an HTTP answer. */
const bytes = (name: string, text: (right: string) => string | Buffer, ends = true): WrongAnswer => ({
  name,
  answer: ({ request, right }) => {
    const { socket } = request
    if (ends) socket.end(text(right()))
    else socket.write(text(right()))
  },
})

const head = (more = '') => `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${more}`
const sized = (text: string) => `content-length: ${Buffer.byteLength(text)}\r\n`

/** Encoded or marked, but readable. */
const encoded: readonly WrongAnswer[] = [
  {
    name: 'gzip that was not asked for',
    answer: ({ response, right }) =>
      void response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(right())),
  },
  {
    name: 'brotli that was not asked for',
    answer: ({ response, right }) =>
      void response
        .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'br' })
        .end(brotliCompressSync(right())),
  },
  {
    name: 'a byte order mark',
    answer: ({ response, right }) => void response.writeHead(200, JSON_TYPE).end(`\ufeff${right()}`),
  },
  {
    name: 'one byte a write',
    answer: ({ response, right }) => {
      response.writeHead(200, JSON_TYPE)
      for (const character of right()) response.write(character)
      response.end()
    },
  },
  {
    name: 'informational answers first',
    answer: ({ response, right }) => {
      for (let n = 0; n < 20; n++) response.writeProcessing()
      response.writeHead(200, JSON_TYPE).end(right())
    },
  },
]

const statuses: readonly WrongAnswer[] = [
  ...[201, 202, 205, 206, 304, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 418, 421].map(
    (code) => status(code),
  ),
  ...[422, 425, 426, 431, 451, 500, 501, 502, 503, 504, 505, 507, 511, 520, 599].map((code) => status(code)),
  ...[301, 302, 303, 307, 308].map((code) => status(code, { location: 'http://127.0.0.1:9/elsewhere' })),
  status(403, {}, '{"error":"Unauthorized"}'),
  status(403, {}, '{"error":"Message timestamp expired"}'),
  status(403, {}, '{"error":"Duplicate message detected (replay attack)"}'),
  status(429, { 'retry-after': '1' }),
  status(429, { 'retry-after': '0' }),
  status(429, { 'retry-after': '-5' }),
  status(503, { 'retry-after': 'soon' }),
  status(503, { 'retry-after': '1' }, '<html>maintenance</html>'),
  status(200, { date: 'never' }, '{}'),
  status(200, { date: 'Thu, 01 Jan 1970 00:00:00 GMT' }, '{}'),
]

const bodies: readonly WrongAnswer[] = [
  says('no body', ''),
  says('null', 'null'),
  says('a list', '[]'),
  says('a string', '"ok"'),
  says('a number', '17'),
  says('false', 'false'),
  says('a page', '<!doctype html><title>Log in</title>', 200, { 'content-type': 'text/html' }),
  says('half of an object', '{"status":'),
  says('NaN', '{"status":NaN}'),
  says('bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
  says('control characters', '{"status":"a\u0001b"}'),
  says('a member named __proto__', '{"__proto__":{"status":"ok"},"constructor":1}'),
  says('20,000 levels', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
  says('20,000 levels that do not end', '{"a":'.repeat(20_000)),
  says('200,000 empty objects', `[${'{},'.repeat(200_000)}{}]`),
  says('50,000 members', `{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":1`).join()}}`),
  says('2 MB of blanks', ' '.repeat(2_000_000)),
  says('2 MB of text', JSON.stringify({ error: 'x '.repeat(1_000_000) }), 500),
  says(
    'members of wrong types',
    '{"status":{"toString":1},"cancel_task_ids":{"length":9},"require_full_sync":"yes"}',
  ),
  says('lists of wrong types', '{"status":[],"cancel_task_ids":[null,1,{},["t"]],"reason":7}'),
  says('gzip that is none', 'plain', 200, { 'content-encoding': 'gzip' }),
  says('an unknown encoding', 'plain', 200, { 'content-encoding': 'zork' }),
]

const connections: readonly WrongAnswer[] = [
  { name: 'reset at once', answer: ({ request }) => void request.socket.resetAndDestroy() },
  { name: 'closed at once', answer: ({ request }) => void request.socket.end() },
  bytes('no HTTP', () => 'SSH-2.0-OpenSSH_9.6\r\n'),
  bytes('half of the head', () => 'HTTP/1.1 200 OK\r\nconte'),
  bytes('half of the body', (right) => `${head(sized(`${right}${right}`))}\r\n${right}`),
  bytes('less than its length', () => `${head('content-length: 5000000\r\n')}\r\n{`),
  bytes('more than its length', (right) => `${head('content-length: 1\r\n')}\r\n${right}`),
  bytes('a negative length', (right) => `${head('content-length: -1\r\n')}\r\n${right}`),
  bytes('two lengths', (right) => `${head(`content-length: 3\r\n${sized(right)}`)}\r\n${right}`),
  bytes('a chunk without a size', () => `${head('transfer-encoding: chunked\r\n')}\r\nzz\r\n{}\r\n0\r\n\r\n`),
  bytes(
    'a chunk that is too long',
    () => `${head('transfer-encoding: chunked\r\n')}\r\nffffffffffffffff\r\n{}`,
  ),
  bytes(
    'a control character in a header',
    (right) => `${head(`x: a\u0000b\r\n${sized(right)}`)}\r\n${right}`,
  ),
  bytes(
    '100 kB of headers',
    (right) => `${head(`x: ${'y'.repeat(100_000)}\r\n${sized(right)}`)}\r\n${right}`,
  ),
  bytes('HTTP/1.0', (right) => `HTTP/1.0 200 OK\r\n${sized(right)}\r\n${right}`),
  bytes('HTTP/9.9', (right) => `HTTP/9.9 200 OK\r\n${sized(right)}\r\n${right}`),
  bytes('status 999', (right) => `HTTP/1.1 999 ?\r\n${sized(right)}\r\n${right}`),
  bytes('status 000', (right) => `HTTP/1.1 000 ?\r\n${sized(right)}\r\n${right}`),
  bytes('another protocol', () => 'HTTP/1.1 101 Switching\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
  bytes('a second answer', (right) => `${head(sized(right))}\r\n${right}${head(sized('{}'))}\r\n{}`, false),
]

const task = (name: string, members: string): WrongAnswer => ({
  ...says(`a task ${name}`, `{${members}}`),
  only: ['poll'],
})

const tasks: readonly WrongAnswer[] = [
  task('without ids', '"type":"echo","params":{}'),
  task('with ids of wrong types', '"job_id":1,"task_id":{},"type":[],"params":{}'),
  task('with a path for an id', '"job_id":"j","task_id":"../../etc/passwd","type":"echo","params":{}'),
  task(
    'with control characters for an id',
    '"job_id":"\\u0000","task_id":"a\\r\\nb\\u0000","type":"echo","params":{}',
  ),
  task('with half a character for an id', '"job_id":"j","task_id":"\\ud83d","type":"echo","params":{}'),
  task('with a long id', `"job_id":"j","task_id":"${'i'.repeat(50_000)}","type":"echo","params":{}`),
  task('with an empty id', '"job_id":"","task_id":"","type":"echo","params":{}'),
  task('that nobody knows', '"job_id":"j","task_id":"unknown","type":"zork","params":{}'),
  task('named like a member', '"job_id":"j","task_id":"proto","type":"__proto__","params":{}'),
  task('with params of a wrong type', '"job_id":"j","task_id":"params","type":"echo","params":[1]'),
  task(
    'with null for everything else',
    '"job_id":"j","task_id":"nulls","type":"echo","params":null,"priority":null,"deadline":null',
  ),
  task(
    'that is long overdue',
    '"job_id":"j","task_id":"late","type":"echo","params":{},"deadline":1,"timestamp":-1',
  ),
  task(
    'with a deadline of a wrong type',
    '"job_id":"j","task_id":"odd","type":"echo","params":{},"deadline":"now","step":"x"',
  ),
  task(
    'with 1 MB of params',
    `"job_id":"j","task_id":"large","type":"echo","params":{"x":"${'x'.repeat(1_000_000)}"}`,
  ),
  task(
    'with deep params',
    `"job_id":"j","task_id":"deep","type":"echo","params":${'{"a":'.repeat(400)}1${'}'.repeat(400)}`,
  ),
]

/** All ways to answer wrongly that a worker has to survive. */
export const WRONG_ANSWERS: readonly WrongAnswer[] = [
  ...encoded,
  ...statuses,
  ...bodies,
  ...connections,
  ...tasks,
]

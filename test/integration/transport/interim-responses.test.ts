import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HttpTransport } from '../../../src/transport/http.js'

const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A transport to a server that answers each connection as `answer` does. */
const setUp = async (answer: (socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const transport = new HttpTransport({ url: `http://127.0.0.1:${port}` }, {}, 1)
  onTestFinished(async () => {
    await transport.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (deadlineMs: number) => transport.send({ method: 'GET', path: '/tasks/next', deadlineMs })
}

test('§1.1.7 the response is found after any number of interim responses', async () => {
  const poll = await setUp((socket) => {
    for (let n = 0; n < 200; n++) socket.write(HINT.repeat(100))
    socket.write(ANSWER)
  })
  expect(await poll(60_000)).toMatchObject({ status: 200, text: 'ok' })
})

test('§1.1.7 interim responses without end are ended by the deadline', async () => {
  const poll = await setUp((socket) => {
    const more = () => {
      if (socket.destroyed) return
      if (socket.write(HINT.repeat(10))) setImmediate(more)
      else socket.once('drain', more)
    }
    more()
  })
  await expect(poll(300)).rejects.toThrow('no complete response after 300 ms')
})

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface CountingPipe {
  readonly url: string
  /** The first lines of the requests, in order. */
  readonly requests: string[]
  /** How many bytes have come back. */
  bytes: number
}

/** Passes all bytes between a client and a server, and counts what is asked for and what comes. */
export const countingPipe = async (target: string): Promise<CountingPipe> => {
  const { hostname, port } = new URL(target)
  const pipe: CountingPipe = { url: '', requests: [], bytes: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    client.on('data', (chunk: Buffer) => {
      const line = /^[A-Z]+ \S+(?= HTTP)/.exec(chunk.toString('latin1'))
      if (line) pipe.requests.push(line[0])
    })
    upstream.on('data', (chunk: Buffer) => {
      pipe.bytes += chunk.length
    })
    client.pipe(upstream).pipe(client)
    // A server that ends the connection may still have bytes on their way here.
    client.on('close', () => upstream.destroy())
    upstream.on('close', (failed) => failed && client.destroy())
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return Object.assign(pipe, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Far enough behind the headers of a request, and within any body that is meant. */
const AT_BYTE = 100_000

export interface SpoilingProxy {
  readonly url: string
  /** Whether it has happened. */
  readonly spoiled: boolean
}

/** Passes all bytes on to a server, but changes one of them, once, on the way there. */
export const spoilingProxy = async (target: string): Promise<SpoilingProxy> => {
  const { hostname, port } = new URL(target)
  const proxy = { url: '', spoiled: false }
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    let passed = 0
    client.on('data', (chunk: Buffer) => {
      const place = AT_BYTE - passed
      if (!proxy.spoiled && place >= 0 && place < chunk.length) {
        chunk[place] = (chunk[place] ?? 0) ^ 1
        proxy.spoiled = true
      }
      passed += chunk.length
      if (!upstream.write(chunk)) client.pause()
    })
    upstream.on('drain', () => client.resume()).pipe(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => [client, upstream].forEach((each) => void each.destroy()))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

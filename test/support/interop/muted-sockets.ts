import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Stands between a worker and its orchestrator. */
export interface MutingProxy {
  readonly url: string
  /** From now on nothing more passes the WebSockets that are open, and neither end is told. New ones are not touched. */
  mute(): void
}

export const mutedSockets = async (target: string): Promise<MutingProxy> => {
  const { hostname, port } = new URL(target)
  const ends = new Set<Socket>()
  const webSockets: [Socket, Socket][] = []
  const keep = (socket: Socket) => {
    ends.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => ends.delete(socket))
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const socket of [near, far]) keep(socket)
    near.once('data', (first: Buffer) => {
      if (first.includes('/_worker/ws/')) webSockets.push([near, far])
    })
    near.on('data', (bytes: Buffer) => far.write(bytes))
    far.on('data', (bytes: Buffer) => near.write(bytes))
    near.on('end', () => far.end())
    far.on('end', () => near.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of ends) socket.destroy()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mute() {
      for (const pair of webSockets) {
        for (const socket of pair) {
          socket.removeAllListeners('data')
          socket.removeAllListeners('end')
          socket.resume()
        }
      }
    },
  }
}

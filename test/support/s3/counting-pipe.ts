import { tcpProxy } from './tcp-proxy.js'

export interface CountingPipe {
  readonly url: string
  /** The first lines of the requests, in order. */
  readonly requests: string[]
  /** How many bytes have come back. */
  bytes: number
}

/** Passes all bytes between a client and a server, and counts what is asked for and what comes. */
export const countingPipe = async (target: string): Promise<CountingPipe> => {
  const pipe = { requests: [] as string[], bytes: 0 }
  const url = await tcpProxy(target, (client, upstream) => {
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
  })
  return Object.assign(pipe, { url })
}

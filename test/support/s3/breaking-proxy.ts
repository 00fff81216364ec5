import { tcpProxy } from './tcp-proxy.js'

export interface BreakingProxy {
  readonly url: string
  /** The first lines of the requests, in order. */
  readonly requests: readonly string[]
}

/**
 * Passes all bytes between a client and a server. Breaks the connection once, when so many bytes have come back for a request
 * whose first line matches. The next connection waits for `meanwhile`.
 */
export const breakingProxy = async (
  target: string,
  line: RegExp,
  afterBytes: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<BreakingProxy> => {
  const requests: string[] = []
  let isMeant = false
  let broken = false
  let ready = Promise.resolve()
  const url = await tcpProxy(target, (client, upstream) => {
    let bytes = 0
    client.pause()
    void ready.then(() => client.resume())
    client.on('data', (chunk: Buffer) => {
      const [first] = /^[A-Z]+ \S+(?= HTTP)/.exec(chunk.toString('latin1')) ?? []
      if (first) requests.push(first)
      if (first) isMeant = line.test(first)
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (isMeant) bytes += chunk.length
      if (broken || !isMeant || bytes <= afterBytes) return void client.write(chunk)
      broken = true
      ready = meanwhile()
      client.destroy()
      upstream.destroy()
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  return { url, requests }
}

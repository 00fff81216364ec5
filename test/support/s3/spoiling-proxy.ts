import { tcpProxy } from './tcp-proxy.js'

/** Far enough behind the headers of a request, and within any body that is meant. */
const AT_BYTE = 100_000

export interface SpoilingProxy {
  readonly url: string
  /** Whether it has happened. */
  readonly spoiled: boolean
}

/** Passes all bytes on to a server, but changes one of them, once, on the way there. */
export const spoilingProxy = async (target: string): Promise<SpoilingProxy> => {
  const proxy = { spoiled: false }
  const url = await tcpProxy(target, (client, upstream) => {
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
    for (const socket of [client, upstream])
      socket.on('close', () => [client, upstream].forEach((each) => void each.destroy()))
  })
  return Object.assign(proxy, { url })
}

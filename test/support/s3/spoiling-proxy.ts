import { tcpProxy } from './tcp-proxy.js'

/** Far enough behind the headers of a request, and within any body that is meant. */
const AT_BYTE = 100_000

export interface SpoilingProxy {
  readonly url: string
  /** Whether it has happened. */
  readonly spoiled: boolean
}

/** Somebody who knows the polynomial of CRC-32 changes bytes so that the CRC-32 stays the same. No key is needed for that. */
const SAME_CRC32 = [0x41, 0x06, 0x71, 0xdb, 0x01]
const ONE_BIT = [1]

/**
 * Passes all bytes on to a server, but changes some of them, once, on the way there.
 *
 * @param keepsCrc32 - changes them so that a CRC-32 does not show it
 */
export const spoilingProxy = async (target: string, keepsCrc32 = false): Promise<SpoilingProxy> => {
  const proxy = { spoiled: false }
  const mask = keepsCrc32 ? SAME_CRC32 : ONE_BIT
  const url = await tcpProxy(target, (client, upstream) => {
    let passed = 0
    client.on('data', (chunk: Buffer) => {
      const place = Math.max(0, AT_BYTE - passed)
      if (!proxy.spoiled && place + mask.length <= chunk.length) {
        for (const [index, bits] of mask.entries()) chunk[place + index] = (chunk[place + index] ?? 0) ^ bits
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

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { after } from '../utils/time.js'
import type { HttpProxy } from './proxy.js'

/** How long the proxy may take to open a tunnel, in ms. */
const DEADLINE_MS = 10_000

/**
 * Opens a tunnel through a proxy (`CONNECT`).
 *
 * @param target - the host and the port to reach
 * @returns the socket to the target. Its owner has to end it.
 * @throws Error if the proxy cannot be reached or refuses, or if `signal` aborts
 */
export const openTunnel = (proxy: HttpProxy, target: string, signal?: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const request = connectRequest(proxy, target)
    const settle = () => {
      deadline.cancel()
      signal?.removeEventListener('abort', cancel)
    }
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    const cancel = () => request.destroy(new Error('the tunnel through the proxy was canceled'))
    const deadline = after(DEADLINE_MS, () =>
      request.destroy(coded(`the proxy did not answer within ${DEADLINE_MS} ms`, 'ETIMEDOUT')),
    )
    signal?.addEventListener('abort', cancel, { once: true })
    request.once('error', fail)
    request.once('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
      const status = response.statusCode ?? 0
      if (status < 200 || status > 299) {
        socket.destroy()
        fail(coded(refusal(status, target), 'ERR_PROXY_TUNNEL'))
        return
      }
      settle()
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.end()
    if (signal?.aborted) cancel()
  })

const connectRequest = ({ url, headers }: HttpProxy, target: string): ClientRequest => {
  const connect = url.protocol === 'https:' ? httpsRequest : httpRequest
  return connect({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(url.port !== '' && { port: url.port }),
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...headers },
    agent: false,
  })
}

const refusal = (status: number, target: string): string =>
  status === 407
    ? 'the proxy answered 407: check the user name and the password in the URL of the proxy'
    : `the proxy answered CONNECT ${target} with ${status}`

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code })

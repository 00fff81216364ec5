import { request } from 'node:http'
import { connect } from 'node:tls'
import { within } from '../../utils/time.js'

/** How long one attempt may take, in ms. */
const PEEK_MS = 1_000

/** Returns what the port of a URL speaks, if that is not what the URL says. Sends no token. */
export const peek = async (url: string): Promise<'tls' | 'http' | undefined> => {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'http:') return (await speaksTls(host, Number(port || 80))) ? 'tls' : undefined
  return (await speaksHttp(host, Number(port || 443))) ? 'http' : undefined
}

const speaksTls = async (host: string, port: number): Promise<boolean> => {
  // Nothing is sent, so the certificate does not matter.
  const socket = connect({ host, port, rejectUnauthorized: false })
  return attempt(socket, 'secureConnect')
}

const speaksHttp = async (host: string, port: number): Promise<boolean> => {
  const call = request({ host, port, method: 'HEAD', path: '/', agent: false })
  call.end()
  return attempt(call, 'response')
}

interface Attempt {
  once(event: string, listener: () => void): unknown
  destroy(): unknown
}

const attempt = async (connection: Attempt, success: string): Promise<boolean> => {
  let succeeded = false
  const over = new Promise<void>((resolve) => {
    connection.once(success, () => {
      succeeded = true
      resolve()
    })
    connection.once('error', () => resolve())
    connection.once('close', () => resolve())
  })
  await within(PEEK_MS, over)
  connection.destroy()
  return succeeded
}

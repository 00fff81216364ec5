import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError } from '../errors.js'
import { answerHealth, type WorkerHealth } from './answer.js'

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Listens on all interfaces, as probers come from outside the machine.
 *
 * @throws ConfigError when the port cannot be had
 */
export const startHealthServer = async (port: number, health: () => WorkerHealth): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    // Anybody can ask for anything: "//" is no URL, and a throw here would end the process.
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    const { status, body } = answerHealth(path, health())
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    response.end(`${body}`)
  })
  server.listen(port)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new ConfigError([{ name: 'WORKER_PORT', value: String(port), expected: expectation(error) }])
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const expectation = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return 'a port that no other process listens on, or 0 for a free one'
  return `a port this process may listen on (${code ?? String(error)})`
}

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError } from '../errors.js'
import { answerHealth, type WorkerHealth } from './answer.js'

/** A health server that is listening. */
export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/** A page besides the health checks. */
export interface Page {
  readonly type: string
  readonly body: string
}

/** Returns the page at a path, if there is one. `accept` is the header of the request. */
export type Pages = (path: string, accept: string) => Promise<Page> | undefined

const TEXT = 'text/plain; charset=utf-8'

const send = (response: ServerResponse, status: number, { type, body }: Page): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(body)
}

/**
 * Starts a health server on all interfaces, because health checks come from other machines.
 *
 * @throws ConfigError if the process cannot listen on the port
 */
export const startHealthServer = async (
  port: number,
  health: () => WorkerHealth,
  pages: Pages = () => undefined,
): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    // The URL is not parsed, because a path such as "//" is not valid and the error would end the process.
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    const page = pages(path, request.headers.accept ?? '')
    if (page) {
      page.then(
        (ready) => send(response, 200, ready),
        (error: unknown) => send(response, 500, { type: TEXT, body: `internal error: ${String(error)}` }),
      )
      return
    }
    const { status, body } = answerHealth(path, health())
    send(response, status, { type: TEXT, body })
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
  if (code === 'EADDRINUSE') return 'a port that no other process listens on, or 0 for a free port'
  return `a port that this process may listen on (${code ?? String(error)})`
}

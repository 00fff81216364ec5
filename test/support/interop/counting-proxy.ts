import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Agent, type Dispatcher } from 'undici'
import { onTestFinished } from 'vitest'

/** One request that went through, and how it was answered. */
export interface Passage {
  readonly method: string
  readonly path: string
  readonly status: number
}

export interface CountingProxy {
  readonly url: string
  readonly passages: readonly Passage[]
  /** How many requests to a path that ends so were answered with this status. */
  count(pathEnd: string, status: number): number
}

/** Stands between a worker and its orchestrator and counts what they say to each other. */
export const countingProxy = async (target: string): Promise<CountingProxy> => {
  const agent = new Agent()
  const passages: Passage[] = []

  const forward = async (request: IncomingMessage): Promise<Dispatcher.ResponseData> =>
    agent.request({
      origin: target,
      path: request.url ?? '/',
      method: request.method as Dispatcher.HttpMethod,
      headers: withoutHops(request),
      body: await buffer(request),
    })

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await forward(request)
    const body = await buffer(answer.body)
    passages.push({ method: request.method ?? '', path: request.url ?? '', status: answer.statusCode })
    const { 'transfer-encoding': _, connection: __, ...headers } = answer.headers
    response.writeHead(answer.statusCode, headers).end(body)
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await agent.destroy()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passages,
    count: (pathEnd, status) =>
      passages.filter((passage) => passage.path.endsWith(pathEnd) && passage.status === status).length,
  }
}

// What belongs to one connection stays there; the length is that of the body as it is sent on.
const withoutHops = ({ headers }: IncomingMessage) => {
  const { connection, 'transfer-encoding': _, 'content-length': __, host: ___, ...rest } = headers
  return rest
}

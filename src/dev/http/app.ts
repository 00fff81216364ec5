import { Hono } from 'hono'
import { answerJson, internalError, notFound } from './answers.js'
import { type ClientRouteParts, clientRoutes, unservedByClientRoutes } from './client-routes.js'
import { dashboard } from './dashboard.js'
import type { Exchange, HttpEnv } from './exchange.js'
import { type WorkerRouteParts, WorkerRoutes } from './worker-routes.js'

type Parts = WorkerRouteParts & ClientRouteParts

/** Everything that is answered over HTTP. No middleware: one handler a route is what Hono serves fastest. */
export const buildApp = (parts: Parts): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>()
  app.get('/_public/status', (exchange) => answerJson(exchange, { status: 'ok' }))
  app.get('/', (exchange) => dashboard(parts, exchange))
  const worker = new WorkerRoutes(parts)
  app.route('/_worker', worker.routes())
  app.route('/api/v1', clientRoutes(parts))
  app.notFound((exchange) => unserved(parts, worker, exchange))
  app.onError((_error, exchange) => internalError(exchange))
  return app
}

const unserved = (parts: Parts, worker: WorkerRoutes, exchange: Exchange): Response => {
  const { path } = exchange.req
  if (path.startsWith('/_worker/')) return worker.unserved(exchange)
  if (path.startsWith('/api/v1/')) return unservedByClientRoutes(parts, exchange)
  return notFound(exchange)
}

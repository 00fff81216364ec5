import { Hono } from 'hono'
import type { AppParts, PageParts } from '../app-parts.js'
import { answerJson, internalError, notFound } from './answers.js'
import { clientRoutes, unservedByClientRoutes } from './client-routes.js'
import type { HttpContext, HttpEnv } from './http-context.js'
import { pageRoutes } from './page-routes.js'
import { WorkerRoutes } from './worker-routes.js'

/** All routes over HTTP. There is no middleware, because Hono is fastest with one handler for each route. */
export const buildApp = (parts: PageParts): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>()
  app.get('/_public/status', (context) => answerJson(context, { status: 'ok' }))
  app.route('/', pageRoutes(parts))
  const worker = new WorkerRoutes(parts)
  app.route('/_worker', worker.routes())
  app.route('/api/v1', clientRoutes(parts))
  app.notFound((context) => unserved(parts, worker, context))
  app.onError((error, context) => {
    process.emitWarning(`A request to the dev orchestrator failed: ${error.stack}`)
    return internalError(context)
  })
  return app
}

const unserved = (parts: AppParts, worker: WorkerRoutes, context: HttpContext): Response => {
  const { path } = context.req
  if (path.startsWith('/_worker/')) return worker.unserved(context)
  if (path.startsWith('/api/v1/')) return unservedByClientRoutes(parts, context)
  return notFound(context)
}

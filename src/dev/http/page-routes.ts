import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { PageParts } from '../app-parts.js'
import type { Outlet } from '../watch/feed.js'
import { answerJson, answerNothing, INVALID_JSON, JOB_NOT_FOUND, notFound, refuse } from './answers.js'
import { readBody } from './body.js'
import { WRONG_TOKEN } from './client-routes.js'
import { type HttpContext, type HttpEnv, headerOf } from './http-context.js'
import { type PageFile, PageFiles } from './page-files.js'
import { PAGE_PATH, PageSession } from './page-session.js'
import { cancel, clear, forgetWorkers, send, startFault, stopFaults } from './page-verbs.js'

/** No inline code, nothing from elsewhere, in no frame. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

type PageHandler = (parts: PageParts, context: HttpContext) => Response | Promise<Response>

/** The page, its files, and what the page reads and does. The files are for everybody: they say nothing about jobs. */
export const pageRoutes = (parts: PageParts): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>()
  const session = new PageSession(parts.settings.clientToken)
  const files = new PageFiles()
  const served = (handle: PageHandler) => (context: HttpContext) => {
    const refusal = session.refusalOf(context)
    return refusal ? refuse(context, refusal) : handle(parts, context)
  }
  app.get('/', async (context) => sendFile(context, await files.get('index.html')))
  app.get(`${PAGE_PATH}/files/*`, async (context) =>
    sendFile(context, await files.get(context.req.path.slice(`${PAGE_PATH}/files/`.length))),
  )
  app.post(`${PAGE_PATH}/session`, (context) => startSession(session, context))
  app.get(
    `${PAGE_PATH}/session`,
    served((_, context) => answerNothing(context)),
  )
  app.get(`${PAGE_PATH}/events`, served(streamEvents))
  app.get(
    `${PAGE_PATH}/tasks`,
    served(({ overview }, context) => answerJson(context, overview.tasks())),
  )
  app.get(`${PAGE_PATH}/jobs/:id`, served(readJob))
  app.post(`${PAGE_PATH}/jobs`, served(send))
  app.post(`${PAGE_PATH}/jobs/:id/cancel`, served(cancel))
  app.post(`${PAGE_PATH}/clear`, served(clear))
  app.post(`${PAGE_PATH}/forget-workers`, served(forgetWorkers))
  app.post(`${PAGE_PATH}/faults`, served(startFault))
  app.post(`${PAGE_PATH}/faults/stop`, served(stopFaults))
  return app
}

const sendFile = (context: HttpContext, file: PageFile | undefined): Response => {
  if (!file) return notFound(context)
  const { outgoing } = context.env
  const isSame = headerOf(context, 'if-none-match') === file.etag
  const isPacked = (headerOf(context, 'accept-encoding') ?? '').includes('gzip')
  const body = isPacked ? file.gzip : file.plain
  outgoing.writeHead(isSame ? 304 : 200, {
    ...HEADERS,
    'content-type': file.type,
    etag: file.etag,
    'cache-control': 'no-cache',
    vary: 'accept-encoding',
    ...(!isSame && { 'content-length': body.length }),
    ...(!isSame && isPacked && { 'content-encoding': 'gzip' }),
  })
  outgoing.end(isSame ? undefined : body)
  return RESPONSE_ALREADY_SENT
}

/** The token is in the body, because addresses are kept in histories and logs. */
const startSession = async (session: PageSession, context: HttpContext): Promise<Response> => {
  const refusal = session.refusalOfOrigin(context)
  if (refusal) return refuse(context, refusal)
  const body = await readBody(context.env.incoming)
  if (body.kind !== 'json') return refuse(context, INVALID_JSON)
  const cookie = session.cookieFor(context, body.value)
  if (cookie === undefined) return refuse(context, WRONG_TOKEN)
  context.env.outgoing.setHeader('set-cookie', cookie)
  return answerNothing(context)
}

const readJob: PageHandler = ({ overview }, context) => {
  const detail = overview.detail(context.req.param('id') ?? '')
  return detail ? answerJson(context, detail) : refuse(context, JOB_NOT_FOUND)
}

const streamEvents: PageHandler = ({ feed }, context) => {
  const { outgoing } = context.env
  outgoing.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  outgoing.write('retry: 1000\n\n')
  const outlet: Outlet = {
    get unsentBytes() {
      return outgoing.writableLength
    },
    write: (text) => void outgoing.write(text),
    end: () => void outgoing.end(),
  }
  outgoing.once('close', () => feed.remove(outlet))
  feed.add(outlet, headerOf(context, 'last-event-id') ?? context.req.query('after'))
  return RESPONSE_ALREADY_SENT
}

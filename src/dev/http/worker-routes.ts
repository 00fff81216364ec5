import { Hono } from 'hono'
import { isObject } from '../../utils/json.js'
import type { AppParts } from '../app-parts.js'
import { type Generation, RXON_VERSION_HEADER } from '../generation.js'
import { notFound, wrongMethod } from './answers.js'
import { type Body, readBody } from './body.js'
import { classicHandlers } from './classic-routes.js'
import { type HttpContext, type HttpEnv, headerOf } from './http-context.js'
import { type RxonHandlers, rxonHandlers } from './rxon-routes.js'
import type { WorkerHandlers, WorkerRequest } from './worker-request.js'

const BOTH = 'workers/[^/]+(/tasks/next)?|tasks/result|ws/[^/]+'
const CLASSIC_PATHS = new RegExp(`^/_worker/(${BOTH})$`)
const RXON_PATHS = new RegExp(`^/_worker/(${BOTH}|events|auth/token(/refresh)?)$`)

const NO_BODY: Body = { kind: 'empty' }

/** The routes under `/_worker`. Each generation has its own handlers, and the second generation has additional routes. */
export class WorkerRoutes {
  readonly #parts: AppParts
  readonly #classic: WorkerHandlers
  readonly #rxon: RxonHandlers

  constructor(parts: AppParts) {
    this.#parts = parts
    this.#classic = classicHandlers(parts)
    this.#rxon = rxonHandlers(parts)
  }

  routes(): Hono<HttpEnv> {
    const app = new Hono<HttpEnv>()
    const [both, rxon] = [this.#both, this.#rxonOnly]
    app.post('/workers/register', both('register'))
    app.patch('/workers/:id', both('heartbeat'))
    app.get('/workers/:id/tasks/next', both('poll'))
    app.post('/tasks/result', both('result'))
    app.get('/ws/:id', both('noUpgrade'))
    app.post('/events', rxon('event'))
    app.post('/auth/token', rxon('token'))
    app.post('/auth/token/refresh', rxon('refresh'))
    return app
  }

  /** Refuses unknown paths and methods. */
  readonly unserved = (context: HttpContext): Response => {
    const request = { context, body: NO_BODY }
    const isRxon = this.#generationOf(request) === 'rxon'
    const refusal = (isRxon ? this.#rxon : this.#classic).refusal(request)
    const paths = isRxon ? RXON_PATHS : CLASSIC_PATHS
    return refusal ?? (paths.test(context.req.path) ? wrongMethod : notFound)(context)
  }

  readonly #both = (name: Exclude<keyof WorkerHandlers, 'refusal'>) => async (context: HttpContext) => {
    const request = await requestIn(context)
    return (this.#generationOf(request) === 'rxon' ? this.#rxon : this.#classic)[name](request)
  }

  readonly #rxonOnly =
    (name: Exclude<keyof RxonHandlers, keyof WorkerHandlers>) => async (context: HttpContext) =>
      this.#parts.settings.generation === 'classic'
        ? this.unserved(context)
        : this.#rxon[name](await requestIn(context))

  /** The generation of the message, or of the worker's registration if the message does not show it. */
  #generationOf({ context, body, pathId }: WorkerRequest): Generation {
    const { settings, workers } = this.#parts
    const { generation } = settings
    if (generation !== 'auto') return generation
    if (body.kind === 'json') return isStamped(body.value) || namesVersion(context) ? 'rxon' : 'classic'
    if (namesVersion(context)) return 'rxon'
    return (pathId !== undefined && workers.get(pathId)?.generation) || 'classic'
  }
}

const requestIn = async (context: HttpContext): Promise<WorkerRequest> => {
  const pathId = context.req.param('id')
  const hasBody = context.req.method !== 'GET'
  const body = hasBody ? await readBody(context.env.incoming) : NO_BODY
  return { context, body, ...(pathId !== undefined && { pathId }) }
}

const namesVersion = (context: HttpContext): boolean => headerOf(context, RXON_VERSION_HEADER) !== undefined

const isStamped = (body: unknown): boolean => isObject(body) && ('timestamp' in body || 'security' in body)

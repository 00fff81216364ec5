import { Hono } from 'hono'
import { isObject } from '../../utils/json.js'
import { type Generation, RXON_VERSION_HEADER } from '../generation.js'
import { notFound, wrongMethod } from './answers.js'
import { type Body, readBody } from './body.js'
import { type ClassicParts, classicHandlers } from './classic-routes.js'
import { type Exchange, type HttpEnv, headerOf } from './exchange.js'
import { type RxonHandlers, type RxonParts, rxonHandlers } from './rxon-routes.js'
import type { Visit, WorkerHandlers } from './worker-handlers.js'

/** What the worker's side of the wire works with. */
export interface WorkerRouteParts extends ClassicParts, RxonParts {
  readonly generation: Generation | 'auto'
}

const BOTH = 'workers/[^/]+(/tasks/next)?|tasks/result|ws/[^/]+'
const CLASSIC_PATHS = new RegExp(`^/_worker/(${BOTH})$`)
const RXON_PATHS = new RegExp(`^/_worker/(${BOTH}|events|auth/token(/refresh)?)$`)

const NO_BODY: Body = { kind: 'empty' }

/** The routes under `/_worker`: each generation has its own answers to the same ones, and the second has some more. */
export class WorkerRoutes {
  readonly #parts: WorkerRouteParts
  readonly #classic: WorkerHandlers
  readonly #rxon: RxonHandlers

  constructor(parts: WorkerRouteParts) {
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

  /** What is said to a path or a method that is not served. */
  readonly unserved = (exchange: Exchange): Response => {
    const visit = { exchange, body: NO_BODY }
    const isRxon = this.#spoken(visit) === 'rxon'
    const refusal = (isRxon ? this.#rxon : this.#classic).refusal(visit)
    const paths = isRxon ? RXON_PATHS : CLASSIC_PATHS
    return refusal ?? (paths.test(exchange.req.path) ? wrongMethod : notFound)(exchange)
  }

  readonly #both = (name: Exclude<keyof WorkerHandlers, 'refusal'>) => async (exchange: Exchange) => {
    const visit = await visitOf(exchange)
    return (this.#spoken(visit) === 'rxon' ? this.#rxon : this.#classic)[name](visit)
  }

  readonly #rxonOnly =
    (name: Exclude<keyof RxonHandlers, keyof WorkerHandlers>) => async (exchange: Exchange) =>
      this.#parts.generation === 'classic'
        ? this.unserved(exchange)
        : this.#rxon[name](await visitOf(exchange))

  /** By what is said, else by what the worker spoke when it registered. */
  #spoken({ exchange, body, pathId }: Visit): Generation {
    const { generation, workers } = this.#parts
    if (generation !== 'auto') return generation
    if (body.kind === 'json') return isStamped(body.value) || namesVersion(exchange) ? 'rxon' : 'classic'
    if (namesVersion(exchange)) return 'rxon'
    return (pathId !== undefined && workers.get(pathId)?.generation) || 'classic'
  }
}

const visitOf = async (exchange: Exchange): Promise<Visit> => {
  const pathId = exchange.req.param('id')
  const hasBody = exchange.req.method !== 'GET'
  const body = hasBody ? await readBody(exchange.env.incoming) : NO_BODY
  return { exchange, body, ...(pathId !== undefined && { pathId }) }
}

const namesVersion = (exchange: Exchange): boolean => headerOf(exchange, RXON_VERSION_HEADER) !== undefined

const isStamped = (body: unknown): boolean => isObject(body) && ('timestamp' in body || 'security' in body)

import type { Body } from './body.js'
import type { HttpContext } from './http-context.js'

/** A request of a worker, and its parsed body. */
export interface WorkerRequest {
  readonly context: HttpContext
  readonly body: Body
  /** The worker id in the path. */
  readonly pathId?: string
}

export type RouteHandler = (request: WorkerRequest) => Response | Promise<Response>

/** The routes that both generations have. */
export interface WorkerHandlers {
  register(request: WorkerRequest): Response | Promise<Response>
  heartbeat(request: WorkerRequest): Response | Promise<Response>
  poll(request: WorkerRequest): Response | Promise<Response>
  result(request: WorkerRequest): Response | Promise<Response>
  /** A request without an upgrade to the path of a socket. */
  noUpgrade(request: WorkerRequest): Response | Promise<Response>
  /** Refuses a request to an unknown path or method, if the generation checks the token before the path. */
  refusal(request: WorkerRequest): Response | undefined
}

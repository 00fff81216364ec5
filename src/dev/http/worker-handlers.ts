import type { Body } from './body.js'
import type { Exchange } from './exchange.js'

/** A request of a worker, its body read. */
export interface Visit {
  readonly exchange: Exchange
  readonly body: Body
  /** The worker that the path names. */
  readonly pathId?: string
}

export type Handler = (visit: Visit) => Response | Promise<Response>

/** What both generations answer, each in its way. */
export interface WorkerHandlers {
  readonly register: Handler
  readonly heartbeat: Handler
  readonly poll: Handler
  readonly result: Handler
  /** A plain request where a socket is. */
  readonly noUpgrade: Handler
  /** What is said before a path or a method that is not served; `undefined` lets that be said. */
  readonly refusal: (visit: Visit) => Response | undefined
}

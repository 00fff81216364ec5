import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'

/** Hono's type for requests that come from Node's HTTP server. */
export interface HttpEnv {
  Bindings: HttpBindings
}

/** One request and its response. */
export type HttpContext = Context<HttpEnv>

/** Returns a header of the request, by its name in any case. Returns the first value if it was sent more than once. */
export const headerOf = ({ env }: HttpContext, name: string): string | undefined => {
  const value = env.incoming.headers[name.toLowerCase()]
  return Array.isArray(value) ? value[0] : value
}

import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'

/** Node's own request and response are beside every context. */
export interface HttpEnv {
  Bindings: HttpBindings
}

export type Exchange = Context<HttpEnv>

/** A header of the request, by its name in any case; the first one when it came more than once. */
export const headerOf = ({ env }: Exchange, name: string): string | undefined => {
  const value = env.incoming.headers[name.toLowerCase()]
  return Array.isArray(value) ? value[0] : value
}

import { createHmac } from 'node:crypto'
import { isObject } from '../../utils/json.js'
import { isSameSecret } from '../access/secrets.js'
import type { Refusal } from '../refusal.js'
import { type HttpContext, headerOf } from './http-context.js'

const NO_SESSION: Refusal = {
  status: 401,
  error: 'No session: open the link with the token that the orchestrator printed',
}
const FOREIGN: Refusal = { status: 403, error: 'Forbidden: the request comes from another page' }

/** A path of the page. The browser sends the cookie there and nowhere else. */
export const PAGE_PATH = '/_page'

/**
 * Lets a browser use the page after it has shown the client token once.
 *
 * The cookie has no token, but a key that follows from the token. Browsers send cookies to every port of a host, so another
 * local server may see the cookie. The name has the port, because two orchestrators must not replace each other's cookies.
 */
export class PageSession {
  readonly #clientToken: string
  readonly #key: string

  constructor(clientToken: string) {
    this.#clientToken = clientToken
    this.#key = createHmac('sha256', clientToken).update('session of the page').digest('hex')
  }

  /** Returns the cookie of a session, or `undefined` if the body has not the client token. */
  cookieFor(context: HttpContext, body: unknown): string | undefined {
    const token = isObject(body) ? body['token'] : undefined
    if (typeof token !== 'string' || !isSameSecret(token, this.#clientToken)) return undefined
    return `${cookieName(context)}=${this.#key}; Path=${PAGE_PATH}; HttpOnly; SameSite=Strict`
  }

  /** Returns why a request is refused, or `undefined` if it comes from this page and its session. */
  refusalOf(context: HttpContext): Refusal | undefined {
    const found = this.refusalOfOrigin(context)
    if (found) return found
    const name = `${cookieName(context)}=`
    const cookie = (headerOf(context, 'cookie') ?? '').split(/; */).find((each) => each.startsWith(name))
    return cookie && isSameSecret(cookie.slice(name.length), this.#key) ? undefined : NO_SESSION
  }

  /** A page of another local server has the same site, so the browser sends it the cookie. Its origin gives it away. */
  refusalOfOrigin(context: HttpContext): Refusal | undefined {
    const origin = headerOf(context, 'origin')
    if (origin !== undefined && origin !== `http://${headerOf(context, 'host')}`) return FOREIGN
    const site = headerOf(context, 'sec-fetch-site')
    return site === undefined || site === 'same-origin' || site === 'none' ? undefined : FOREIGN
  }
}

const cookieName = ({ env }: HttpContext): string => `avtomatika_page_${env.incoming.socket.localPort}`

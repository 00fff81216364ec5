import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Refusal } from '../refusal.js'
import { hasAddress, isLoopbackName } from './loopback.js'

/** A name or an address, with or without a port. */
const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{0,5})?$/i
const AUTHORITY = /^https?:\/\/([^/?#]*)/i
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
/** How much of a refused name the response repeats, in characters. */
const SHOWN = 100

/** Returns the name or the address in a `Host` header, or `undefined` if there is none. */
export const hostIn = (text: string): string | undefined => {
  const [, address, name] = HOST.exec(text) ?? []
  return (address ?? name)?.toLowerCase().replace(/\.$/, '')
}

/**
 * Decides under which names the orchestrator answers.
 *
 * A page of a foreign site can make its own name lead to a loopback address (DNS rebinding). Its requests then have the same
 * origin as the page, with every header. Only the name in `Host` gives them away. A page that asks a loopback name directly
 * gives itself away by `Origin`.
 */
export class AllowedHosts {
  readonly #names = new Set<string>()
  readonly #addresses = new BlockList()
  /** Every address of this machine is meant. */
  readonly #isAny: boolean

  /** @param host - the address that the orchestrator listens on; @param others - further names and addresses */
  constructor(host: string, others: readonly string[]) {
    this.#isAny = ANY_ADDRESS.has(host)
    for (const allowed of [host, ...others]) this.#add(allowed)
  }

  /** Returns why a request is refused, or `undefined` if it came under an allowed name, and from an allowed page if any. */
  refusalOf(request: IncomingMessage): Refusal | undefined {
    const { host: hosts = [], origin: origins = [] } = request.headersDistinct
    const [host = ''] = hosts
    if (hosts.length !== 1 || !this.#allows(hostIn(host), request)) return refused('Host', hosts)
    const target = AUTHORITY.exec(request.url ?? '')
    if (target && !this.#allows(hostIn(target[1] ?? ''), request)) return refused('Host', [target[1] ?? ''])
    const isForeign = (origin: string) => !this.#allows(hostOfOrigin(origin), request)
    return origins.some(isForeign) ? refused('Origin', origins) : undefined
  }

  #add(allowed: string): void {
    const [address = ''] = allowed.split('%', 1)
    const family = isIP(address)
    if (family === 0) this.#names.add(allowed.toLowerCase().replace(/\.$/, ''))
    else this.#addresses.addAddress(address, family === 6 ? 'ipv6' : 'ipv4')
  }

  #allows(name: string | undefined, { socket }: IncomingMessage): boolean {
    if (name === undefined) return false
    if (isLoopbackName(name) || this.#names.has(name) || hasAddress(this.#addresses, name)) return true
    return this.#isAny && name === socket.localAddress?.replace(/^::ffff:/, '')
  }
}

const hostOfOrigin = (origin: string): string | undefined => {
  const [whole, authority = ''] = AUTHORITY.exec(origin) ?? []
  return whole === origin ? hostIn(authority) : undefined
}

const refused = (header: 'Host' | 'Origin', values: readonly string[]): Refusal => ({
  status: 403,
  error: `Forbidden: ${header} '${values.join(', ').slice(0, SHOWN)}' is not allowed. Use a loopback name, or start the orchestrator with --allow-host (option allowedHosts).`,
})

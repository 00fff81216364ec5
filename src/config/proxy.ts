import { BlockList, isIP } from 'node:net'
import type { Checks } from './checks.js'
import { REFUSED } from './kind.js'

/** The variables that many programs share, with their names in upper case. */
export interface ProxyVariables {
  readonly HTTP_PROXY: string | undefined
  readonly HTTPS_PROXY: string | undefined
  readonly NO_PROXY: string | undefined
}

const EXPECTED = {
  expected: 'the http:// or https:// URL of a proxy, such as http://proxy.example:3128',
  hides: 'credentials',
} as const

/** Returns the proxy for an orchestrator, or `undefined` if requests go there directly. */
export const settleProxy = (checks: Checks, url: string, variables: ProxyVariables): string | undefined => {
  const target = URL.canParse(url) ? new URL(url) : undefined
  if (!target || goesDirectly(target, variables.NO_PROXY)) return undefined
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = variables[name]
  if (value === undefined) return undefined
  const proxy = proxyUrl(value)
  if (proxy !== REFUSED) return proxy
  checks.refuse(name, value, EXPECTED)
  return undefined
}

/** A proxy without a scheme is an HTTP proxy. */
const proxyUrl = (value: string): string | typeof REFUSED => {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  if (!URL.canParse(text)) return REFUSED
  const { protocol, hostname, href, username, password } = new URL(text)
  const isUsable = /^https?:$/.test(protocol) && hostname !== '' && canDecode(username + password)
  return isUsable ? href : REFUSED
}

const canDecode = (text: string): boolean => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/**
 * Whether a URL is reached without a proxy. That is so for this machine, because its loopback addresses mean another machine
 * to a proxy, and for the hosts in `NO_PROXY`. Pure.
 *
 * `NO_PROXY` has hosts, separated by commas or spaces. `*` means all. A name also means its subdomains. An entry may have a
 * port. An address may have a prefix length, such as `10.0.0.0/8`.
 */
export const goesDirectly = (target: URL, noProxy = ''): boolean => {
  const host = bare(target.hostname)
  if (isLoopback(host)) return true
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  const entries = noProxy.split(/[\s,]+/).filter((entry) => entry !== '')
  return entries.some((entry) => covers(entry, host, port))
}

/** Without the brackets of an IPv6 address, and without the dot at the end of a full name. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || includes(LOOPBACK, host)

const includes = (list: BlockList, host: string): boolean => {
  const version = isIP(host)
  return version !== 0 && list.check(host, version === 6 ? 'ipv6' : 'ipv4')
}

const covers = (entry: string, host: string, port: string): boolean => {
  if (entry === '*') return true
  const [name, ownPort] = splitPort(entry)
  if (ownPort !== undefined && ownPort !== port) return false
  const [address = '', prefix] = name.split('/')
  if (isIP(address) !== 0) return isInNetwork(address, prefix, host)
  const suffix = bare(name).replace(/^\*?\./, '')
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`))
}

/** An IPv6 address has colons of its own, so its port follows a bracket. */
const splitPort = (entry: string): readonly [name: string, port: string | undefined] => {
  if (isIP(entry.split('/')[0] ?? '') === 6) return [entry, undefined]
  const [, name = entry, port] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? []
  return [name.replace(/^\[(.*)\]/, '$1'), port]
}

const isInNetwork = (address: string, prefix: string | undefined, host: string): boolean => {
  const [family, bits] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const)
  const length = prefix === undefined ? bits : Number(prefix)
  if (!Number.isInteger(length) || length < 0 || length > bits) return false
  const list = new BlockList()
  list.addSubnet(address, length, family)
  return includes(list, host)
}

import { BlockList, isIP } from 'node:net'

const loopbackAddresses = (): BlockList => {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8)
  list.addAddress('::1', 'ipv6')
  return list
}

const LOOPBACK = loopbackAddresses()

/** Whether a list has an IP address, in any notation. A name is no address. */
export const hasAddress = (list: BlockList, address: string): boolean => {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

export const isLoopbackAddress = (address: string): boolean => hasAddress(LOOPBACK, address)

/** Whether a name always means this machine: a loopback address, `localhost`, or a name below it (RFC 6761). */
export const isLoopbackName = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name)

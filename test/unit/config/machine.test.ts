import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { outwardAddress } from '../../../src/config/machine.js'

const address = (family: 'IPv4' | 'IPv6', text: string, internal = false) =>
  ({ family, address: text, internal }) as NetworkInterfaceInfo

describe('outwardAddress', () => {
  it('is the first IPv4 address that is not internal', () => {
    const interfaces = {
      lo: [address('IPv4', '127.0.0.1', true)],
      gone: undefined,
      eth0: [address('IPv6', 'fe80::1'), address('IPv4', '10.1.2.3')],
      eth1: [address('IPv4', '10.9.9.9')],
    }
    expect(outwardAddress(interfaces)).toBe('10.1.2.3')
  })

  it('is the loopback address where there is none', () => {
    expect(outwardAddress({})).toBe('127.0.0.1')
    expect(outwardAddress({ lo: [address('IPv4', '127.0.0.2', true)] })).toBe('127.0.0.1')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { announcedChecksum } from '../../../src/storage/checksum.js'
import { crc32c } from '../../../src/storage/crc32c.js'
import { Crc64Nvme } from '../../../src/storage/crc64-nvme.js'

const crc64 = (...pieces: Uint8Array[]): string => {
  const checksum = new Crc64Nvme()
  for (const piece of pieces) checksum.update(piece)
  return checksum.digest().toString('hex')
}

/** The definition of a CRC, one bit after the other. */
const bitByBit = (bytes: Uint8Array, polynomial: bigint, width: bigint): bigint => {
  const ones = (1n << width) - 1n
  let value = ones
  for (const byte of bytes) {
    value ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
  }
  return value ^ ones
}

const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 })

describe('the CRCs', () => {
  test('have their check values', () => {
    const digits = Buffer.from('123456789')
    expect(crc32c(digits).toString(16)).toBe('e3069283')
    expect(crc64(digits)).toBe('ae8b14860a799888')
  })

  test('are those of their definition, however the bytes arrive', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const whole = Buffer.concat(list)
        const crc = list.reduce((before, piece) => crc32c(piece, before), 0)
        expect(BigInt(crc)).toBe(bitByBit(whole, 0x82f63b78n, 32n))
        expect(BigInt(`0x${crc64(...list)}`)).toBe(bitByBit(whole, 0x9a6c9329ac4bc9b5n, 64n))
      }),
    )
  })
})

describe('the announced checksum', () => {
  test('is the cheapest one', () => {
    const sha256 = Buffer.alloc(32, 1).toString('base64')
    const crc = Buffer.alloc(4, 2).toString('base64')
    expect(announcedChecksum({ ChecksumSHA256: sha256, ChecksumCRC32C: crc })?.expected).toHaveLength(32)
    expect(announcedChecksum({ ChecksumSHA256: sha256, ChecksumCRC32: crc })?.expected).toHaveLength(4)
  })

  test.each([
    {},
    { ChecksumCRC32: 'AgICAg==-2' },
    { ChecksumCRC32: 'AgICAg==', ChecksumType: 'COMPOSITE' },
    { ChecksumCRC32: 'cbf43926' },
    { ChecksumSHA1: '' },
  ])('is not found in %o', (headers) => {
    expect(announcedChecksum(headers)).toBeUndefined()
  })

  test('passes over one that is of the parts, for one that is of the whole', () => {
    const headers = { ChecksumCRC32: 'AgICAg==-2', ChecksumCRC64NVME: Buffer.alloc(8).toString('base64') }
    expect(announcedChecksum(headers)?.expected).toHaveLength(8)
  })
})

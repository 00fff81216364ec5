/** The polynomial of CRC32C, its bits reversed. */
const POLYNOMIAL = 0x82f63b78

/** Eight tables of 256 entries. With them, eight bytes take one step. */
const makeTables = (): Uint32Array => {
  const tables = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? POLYNOMIAL ^ (value >>> 1) : value >>> 1
    tables[byte] = value
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256] as number
    tables[index] = (tables[before & 0xff] as number) ^ (before >>> 8)
  }
  return tables
}

let tables: Uint32Array | undefined

/**
 * Returns the CRC32C of bytes, because Node has no function for it. Pure.
 *
 * @param before - the CRC32C of the bytes that come before these
 */
export const crc32c = (bytes: Uint8Array, before = 0): number => {
  tables ??= makeTables()
  const table = tables
  const look = (slice: number, byte: number) => table[(slice << 8) | byte] as number
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = ~before
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      look(7, low & 0xff) ^
      look(6, (low >>> 8) & 0xff) ^
      look(5, (low >>> 16) & 0xff) ^
      look(4, low >>> 24) ^
      look(3, high & 0xff) ^
      look(2, (high >>> 8) & 0xff) ^
      look(1, (high >>> 16) & 0xff) ^
      look(0, high >>> 24)
  }
  for (; at < bytes.length; at++) crc = look(0, (crc ^ view.getUint8(at)) & 0xff) ^ (crc >>> 8)
  return ~crc >>> 0
}

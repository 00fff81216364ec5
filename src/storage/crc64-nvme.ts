/** The polynomial of CRC64NVME, its bits reversed: the high and the low half. */
const HIGH = 0x9a6c9329
const LOW = 0xac4bc9b5

/** Eight tables of 256 entries of two halves each. With them, eight bytes take one step. JavaScript has no fast 64-bit numbers. */
const makeTables = (): Int32Array => {
  const tables = new Int32Array(8 * 512)
  for (let byte = 0; byte < 256; byte++) {
    let high = 0
    let low = byte
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (low & 1) === 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (isOdd) {
        high ^= HIGH
        low ^= LOW
      }
    }
    tables[byte * 2] = high
    tables[byte * 2 + 1] = low
  }
  for (let index = 512; index < tables.length; index += 2) {
    const high = tables[index - 512] as number
    const low = tables[index - 511] as number
    const entry = (low & 0xff) * 2
    tables[index] = (tables[entry] as number) ^ (high >>> 8)
    tables[index + 1] = (tables[entry + 1] as number) ^ ((low >>> 8) | (high << 24))
  }
  return tables
}

let tables: Int32Array | undefined

/** Computes the CRC64NVME of bytes that arrive piece by piece. AWS S3 adds this checksum to objects by default. */
export class Crc64Nvme {
  #high = -1
  #low = -1

  update(bytes: Uint8Array): void {
    tables ??= makeTables()
    const table = tables
    const look = (index: number) => table[index] as number
    const { length } = bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, length)
    let high = this.#high
    let low = this.#low
    let at = 0
    for (; at + 8 <= length; at += 8) {
      const near = low ^ view.getInt32(at, true)
      const far = high ^ view.getInt32(at + 4, true)
      const a = 3584 + ((near & 0xff) << 1)
      const b = 3072 + ((near >>> 7) & 0x1fe)
      const c = 2560 + ((near >>> 15) & 0x1fe)
      const d = 2048 + ((near >>> 23) & 0x1fe)
      const e = 1536 + ((far & 0xff) << 1)
      const f = 1024 + ((far >>> 7) & 0x1fe)
      const g = 512 + ((far >>> 15) & 0x1fe)
      const h = (far >>> 23) & 0x1fe
      high = look(a) ^ look(b) ^ look(c) ^ look(d) ^ look(e) ^ look(f) ^ look(g) ^ look(h)
      low =
        look(a + 1) ^
        look(b + 1) ^
        look(c + 1) ^
        look(d + 1) ^
        look(e + 1) ^
        look(f + 1) ^
        look(g + 1) ^
        look(h + 1)
    }
    for (; at < length; at++) {
      const entry = ((low ^ view.getUint8(at)) & 0xff) << 1
      low = ((low >>> 8) | (high << 24)) ^ look(entry + 1)
      high = (high >>> 8) ^ look(entry)
    }
    this.#high = high
    this.#low = low
  }

  /** Returns the eight bytes of the checksum. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeInt32BE(~this.#high, 0)
    bytes.writeInt32BE(~this.#low, 4)
    return bytes
  }
}

/** The least memory for a body of several chunks, in bytes. */
const MIN_CAPACITY = 16_384

/**
 * Collects the chunks of one body, up to a limit. It copies chunks into one buffer instead of keeping them: a server can send
 * chunks of one byte, and each kept chunk would cost a hundred times its length.
 */
export class Body {
  readonly #maxBytes: number
  #buffer: Buffer
  #bytes: number

  /** @param first - the first chunk; it is not copied, because most bodies have no other */
  constructor(first: Buffer, maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#buffer = first
    this.#bytes = Math.min(first.length, maxBytes)
  }

  /** The bytes so far, at most as many as the limit. */
  get bytes(): Buffer {
    return this.#bytes === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#bytes)
  }

  /** Adds a chunk, or as much of it as the limit allows. Returns false if the body exceeds the limit. */
  add(chunk: Buffer): boolean {
    const length = this.#bytes + chunk.length
    const kept = Math.min(length, this.#maxBytes)
    if (kept > this.#buffer.length) this.#grow(kept)
    chunk.copy(this.#buffer, this.#bytes, 0, kept - this.#bytes)
    this.#bytes = kept
    return length <= this.#maxBytes
  }

  #grow(least: number): void {
    const capacity = Math.min(this.#maxBytes, Math.max(2 * least, MIN_CAPACITY))
    const buffer = Buffer.allocUnsafeSlow(capacity)
    this.#buffer.copy(buffer, 0, 0, this.#bytes)
    this.#buffer = buffer
  }
}

import type { FileHandle } from 'node:fs/promises'

/** The size of a write: large enough to make few system calls, small enough for the processor's cache. */
const BATCH_BYTES = 262_144

/** Returns the pieces without their first bytes: the system may write fewer bytes than requested. Pure. */
const without = (pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] => {
  let index = 0
  for (let piece = pieces[0]; piece && bytes >= piece.byteLength; piece = pieces[++index])
    bytes -= piece.byteLength
  const [first, ...rest] = pieces.slice(index)
  return first ? [first.subarray(bytes), ...rest] : []
}

/** Writes small pieces to a file in large batches. Gathers the next batch during a write. */
export class FileSink {
  readonly #file: FileHandle
  #position = 0
  #gathered: Uint8Array[] = []
  #bytes = 0
  #writing: Promise<void> = Promise.resolve()
  #failed = false

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** The number of bytes added so far. */
  get length(): number {
    return this.#position + this.#bytes
  }

  /** Whether a write has failed. Then bytes are missing in the file. */
  get hasFailed(): boolean {
    return this.#failed
  }

  /** Adds a piece. @returns a promise if the previous batch has to be written first; it rejects if that write fails */
  add(bytes: Uint8Array): Promise<void> | undefined {
    this.#gathered.push(bytes)
    this.#bytes += bytes.byteLength
    return this.#bytes >= BATCH_BYTES ? this.#writeBatch() : undefined
  }

  /** Resolves when all bytes are in the file. */
  async flush(): Promise<void> {
    await this.#writeBatch()
    await this.#writing
  }

  /** Empties the file. */
  async reset(): Promise<void> {
    await this.flush()
    await this.#file.truncate(0)
    this.#position = 0
  }

  async #writeBatch(): Promise<void> {
    await this.#writing
    if (this.#bytes === 0) return
    this.#writing = this.#write(this.#gathered, this.#position)
    // The next call awaits this promise. Until then, a rejection would be unhandled.
    this.#writing.catch(() => {
      this.#failed = true
    })
    this.#position += this.#bytes
    this.#gathered = []
    this.#bytes = 0
  }

  /** Passes the pieces to the system separately: joining them would copy the whole object. */
  async #write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    for (let left = pieces; left.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(left, position)
      position += bytesWritten
      left = without(left, bytesWritten)
    }
  }
}

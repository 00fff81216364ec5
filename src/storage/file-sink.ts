import type { FileHandle } from 'node:fs/promises'

/** Large enough that the system call costs little, small enough to be still in the processor's cache. */
const BATCH_BYTES = 262_144

/** The pieces after so many bytes: a system may write less than it is asked to. Pure. */
const without = (pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] => {
  let index = 0
  for (let piece = pieces[0]; piece && bytes >= piece.byteLength; piece = pieces[++index])
    bytes -= piece.byteLength
  const [first, ...rest] = pieces.slice(index)
  return first ? [first.subarray(bytes), ...rest] : []
}

/** Writes what comes in small pieces to a file in large ones; the next ones are gathered meanwhile. */
export class FileSink {
  readonly #file: FileHandle
  #position = 0
  #gathered: Uint8Array[] = []
  #bytes = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** How many bytes it has been given. */
  get length(): number {
    return this.#position + this.#bytes
  }

  /** @returns a promise only when the file cannot keep up, or fails */
  add(bytes: Uint8Array): Promise<void> | undefined {
    this.#gathered.push(bytes)
    this.#bytes += bytes.byteLength
    return this.#bytes >= BATCH_BYTES ? this.#flush() : undefined
  }

  /** Resolves when everything is in the file. */
  async settle(): Promise<void> {
    await this.#flush()
    await this.#writing
  }

  /** Begins again with nothing. */
  async reset(): Promise<void> {
    await this.settle()
    await this.#file.truncate(0)
    this.#position = 0
  }

  async #flush(): Promise<void> {
    await this.#writing
    if (this.#bytes === 0) return
    this.#writing = this.#write(this.#gathered, this.#position)
    // It is awaited before the next one; until then nobody listens.
    this.#writing.catch(() => {})
    this.#position += this.#bytes
    this.#gathered = []
    this.#bytes = 0
  }

  /** The pieces go to the system as they are: to join them would be to copy the whole object once more. */
  async #write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    for (let left = pieces; left.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(left, position)
      position += bytesWritten
      left = without(left, bytesWritten)
    }
  }
}

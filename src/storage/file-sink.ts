import type { FileHandle } from 'node:fs/promises'

/** Large enough that the system call costs nothing beside the copying. */
const BATCH_BYTES = 1_048_576

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
    const batch = this.#gathered.length === 1 ? this.#gathered[0] : Buffer.concat(this.#gathered)
    if (!batch || batch.byteLength === 0) return
    this.#writing = this.#write(batch, this.#position)
    // It is awaited before the next one; until then nobody listens.
    this.#writing.catch(() => {})
    this.#position += batch.byteLength
    this.#gathered = []
    this.#bytes = 0
  }

  /** A system may write less than it is asked to. */
  async #write(batch: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < batch.byteLength; ) {
      const { bytesWritten } = await this.#file.write(batch, done, batch.byteLength - done, position + done)
      done += bytesWritten
    }
  }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The state directories of the workers of one test. Nobody else uses them, and they end with the test. */
export class StateFolder {
  #path: string | undefined

  /** Returns the directory for a worker id. The worker creates it. */
  of(workerId: string): string {
    this.#path ??= mkdtempSync(join(tmpdir(), 'avtomatika-test-'))
    return join(this.#path, workerId)
  }

  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
  }
}

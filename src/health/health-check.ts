import type { HealthServer, startHealthServer } from './server.js'

/** The health server of a worker, for as long as the worker runs with one. */
export class HealthCheck {
  #server: HealthServer | undefined
  #isUsed = false

  /** The port of the server; `undefined` if it does not run. */
  get port(): number | undefined {
    return this.#server?.port
  }

  /** Whether the server runs, or is about to. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /**
   * Runs the server around `work`.
   *
   * @param pages - see {@link startHealthServer}
   * @param work - receives the port
   * @throws ConfigError if the port is taken
   */
  async around(
    port: number,
    report: Parameters<typeof startHealthServer>[1],
    pages: Parameters<typeof startHealthServer>[2],
    work: (port: number) => Promise<void>,
  ): Promise<void> {
    this.#isUsed = true
    try {
      // Only workers with a health server pay for loading it.
      const { startHealthServer: start } = await import('./server.js')
      this.#server = await start(port, report, pages)
      await work(this.#server.port)
    } finally {
      await this.#server?.close()
      this.#server = undefined
      this.#isUsed = false
    }
  }
}

/** What {@link Progress} writes to: standard output, as a rule. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const WIDTH = 30
const CLEAR_LINE = '\r\u001b[K'

const barOf = (fraction: number): string => {
  const full = Math.round(fraction * WIDTH)
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`
}

/** How far the jobs are: one line that moves on a terminal, a line for each picture elsewhere. */
export class Progress {
  readonly #screen: Screen
  readonly #total: number
  readonly #fractions = new Map<string, number>()
  #ended = 0

  constructor(screen: Screen, total: number) {
    this.#screen = screen
    this.#total = total
    if (screen.isTTY) this.#draw('waiting for the worker')
  }

  /** A job's handler told how far it is, 0 … 1. */
  partly(jobId: string, fraction: number, message: string): void {
    this.#fractions.set(jobId, fraction)
    if (this.#screen.isTTY) this.#draw(message)
  }

  ended(jobId: string, file: string, status: string): void {
    this.#ended++
    this.#fractions.set(jobId, 1)
    if (this.#screen.isTTY) this.#draw(`${file} ${status}`)
    else this.#screen.write(`${this.#ended}/${this.#total} ${file} ${status}\n`)
  }

  /** Leaves the line to what comes next. */
  close(): void {
    if (this.#screen.isTTY) this.#screen.write('\n')
  }

  #draw(message: string): void {
    const sum = [...this.#fractions.values()].reduce((total, fraction) => total + fraction, 0)
    const bar = barOf(Math.min(1, sum / this.#total))
    this.#screen.write(`${CLEAR_LINE}${bar} ${this.#ended}/${this.#total} ${message}`)
  }
}

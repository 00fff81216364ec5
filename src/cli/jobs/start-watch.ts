import type { ClientJob } from '../../client/index.js'
import { taskNameOf } from '../../client/task-name.js'
import { noWorkerOffers } from '../../dev/watch/why-waiting.js'
import { ResettableTimer } from '../../utils/resettable-timer.js'
import type { AskOffered } from './connect.js'
import { plain } from './view.js'

/** How long a job may wait before the workers are looked at, in ms. Longer than `dev` takes to restart a worker. */
const PATIENCE_MS = 2_000

/** Tells, once, if a job does not start because no worker offers its task. */
export class StartWatch {
  readonly #askOffered: AskOffered
  readonly #tell: (line: string) => void
  readonly #timer = new ResettableTimer()
  #isOver = false

  constructor(askOffered: AskOffered, tell: (line: string) => void) {
    this.#askOffered = askOffered
    this.#tell = tell
  }

  changed(job: ClientJob): void {
    const task = taskNameOf(job.raw)
    if (job.outcome || job.workerId !== undefined || task === undefined) this.#timer.cancel()
    else if (!this.#timer.isSet) this.#timer.set(PATIENCE_MS, () => void this.#look(task))
  }

  close(): void {
    this.#isOver = true
    this.#timer.close()
  }

  async #look(task: string): Promise<void> {
    const offered = await this.#askOffered()
    if (this.#isOver || offered === undefined || offered.includes(task)) return
    this.close()
    this.#tell(plain(whyNot(task, offered)))
  }
}

const whyNot = (task: string, offered: readonly string[]): string =>
  offered.length === 0
    ? `No worker is connected. The job waits for a worker that offers "${task}".`
    : noWorkerOffers(task, offered)

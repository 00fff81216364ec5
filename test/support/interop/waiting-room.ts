import { eventually } from './eventually.js'

/** A handler that stays inside until it is let out, and counts who is there. */
export class WaitingRoom {
  /** The `n` of the params, in the order in which the tasks came in. */
  readonly entered: unknown[] = []
  readonly #leave: (() => void)[] = []
  #isOpen = false
  #inside = 0
  #peak = 0

  get inside(): number {
    return this.#inside
  }

  /** The most that were ever inside at once. */
  get peak(): number {
    return this.#peak
  }

  /** Gives the params back as data. */
  readonly handler = async (params: Record<string, unknown>): Promise<{ data: object }> => {
    this.entered.push(params['n'])
    this.#peak = Math.max(this.#peak, ++this.#inside)
    if (!this.#isOpen) await new Promise<void>((leave) => this.#leave.push(leave))
    this.#inside--
    return { data: params }
  }

  /** Waits until so many have come in, counting those who have left. */
  async untilEntered(count: number): Promise<void> {
    const hope = `${count} tasks have come in`
    await eventually(
      hope,
      () => this.entered.length >= count,
      { pauseMs: 10 },
      () => this.entered,
    )
  }

  /** Lets out the one who has waited longest. */
  letOneOut(): void {
    this.#leave.shift()?.()
  }

  /** Lets everybody out, and keeps nobody from now on. */
  open(): void {
    this.#isOpen = true
    for (const leave of this.#leave.splice(0)) leave()
  }
}

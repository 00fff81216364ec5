import { onTestFinished, vi } from 'vitest'

/**
 * Keeps every pause after a failure short, until the end of the test. The pauses grow with the number of failures, and a slow
 * machine sees more failures: a test that waits for a pause to end would wait the longer, the slower the machine is.
 */
export const lowDice = (): void => {
  const dice = vi.spyOn(Math, 'random').mockReturnValue(0.02)
  onTestFinished(() => dice.mockRestore())
}

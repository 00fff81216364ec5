import { reach, tlsFor } from '../connections/connect.js'
import { type FiledLetter, readLetters, removeLetter } from '../journal/folder/dead-letters.js'
import type { RuntimeSettings } from './settings.js'

/** The dead letters of some state directories, whether their workers run or not. */
export const lettersIn = async (folders: readonly string[]): Promise<FiledLetter[]> =>
  (await Promise.all(folders.map(readLetters))).flat()

/**
 * Sends a dead letter again, under the id it was written under, and removes it once it is taken.
 *
 * @param target - the orchestrator it goes to, with the token to show
 * @throws UnreachableError, ResponseError or ProtocolError when it is not taken; the letter stays then
 */
export const replay = async (
  { path, letter }: FiledLetter,
  target: RuntimeSettings['orchestrators'][number],
  settings: RuntimeSettings,
): Promise<void> => {
  const { result } = letter
  const own = { ...settings, workerId: result.workerId }
  const orchestrator = reach({ settings: own, target, tls: tlsFor(settings) }, () => {})
  try {
    const receipt = await orchestrator.deliver(result)
    if (receipt.kind === 'replaced') throw receipt.error
    await removeLetter(path)
  } finally {
    await orchestrator.close()
  }
}

/** Throws a dead letter away. */
export const drop = ({ path }: FiledLetter): Promise<void> => removeLetter(path)

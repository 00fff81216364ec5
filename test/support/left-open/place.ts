import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url))

/** These ask on behalf of others. */
const isBetween = (frame: string): boolean => /support\/left-open\/|src\/utils\/time\.ts/.test(frame)

/** The place in `src/` that an error was made on behalf of; `undefined` where others have asked for it. */
export const placeOf = ({ stack = '' }: Error): string | undefined => {
  const [, ...frames] = stack.split('\n')
  const caller = frames.find((frame) => !isBetween(frame))?.trim()
  return caller?.includes(SOURCE) ? caller.replace(SOURCE, 'src/') : undefined
}

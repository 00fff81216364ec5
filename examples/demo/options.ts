import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** The folder of pictures. */
  readonly pictures: string
  /** Where the resized ones go; emptied at the start. */
  readonly output: string
  /** The square that the pictures are made to fit, in pixels. */
  readonly fitInto: number
}

export const readOptions = (args: readonly string[]): DemoOptions => {
  parseArgs({ args: [...args], options: {} })
  return {
    pictures: fileURLToPath(new URL('../pictures', import.meta.url)),
    output: join(process.cwd(), 'demo-output'),
    fitInto: 320,
  }
}

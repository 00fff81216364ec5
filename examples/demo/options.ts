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
  /** Whether the pictures come from an object store and go back there. */
  readonly onS3: boolean
  /** Whether the orchestrator is the one of production. */
  readonly isReal: boolean
}

export const readOptions = (args: readonly string[]): DemoOptions => {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ args: [...args], options: { s3: flag, real: flag } })
  return {
    pictures: fileURLToPath(new URL('../pictures', import.meta.url)),
    output: join(process.cwd(), 'demo-output'),
    fitInto: 320,
    onS3: values.s3,
    isReal: values.real,
  }
}

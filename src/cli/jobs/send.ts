import { NAME } from '../fail.js'
import { readParams } from '../params.js'
import { withClient } from './connect.js'
import { printEnd, type WaitFlags } from './show.js'

/** The flags of `avtomatika-worker send`. */
export interface SendFlags extends WaitFlags {
  readonly endpoint?: string
}

/** Creates a job. Prints its id, or with `--wait` the whole job when it has ended. */
export const send = async (task: string, given: string, flags: SendFlags): Promise<void> => {
  const params = readParams(given, `${NAME} send ${task} '{"name": "you"}' --wait`)
  await withClient(flags, async (client, askOffered) => {
    const { endpoint } = flags
    const { id } = await client.create(task, params, { ...(endpoint !== undefined && { endpoint }) })
    if (flags.wait) {
      if (!flags.json) console.error(`Job ${id} created.`)
      return printEnd(client, id, flags, askOffered)
    }
    if (flags.json) console.log(JSON.stringify({ id }))
    else console.log(`Job ${id} created.\nNext: ${NAME} job ${id} --wait`)
  })
}

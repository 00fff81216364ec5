import { JobClient } from '../../client/index.js'
import { tokenHeaders } from '../../client/token-headers.js'
import { runningDev } from '../dev-address.js'
import { NAME, UsageError } from '../fail.js'
import { getJson } from '../get-json.js'
import { offeredTasks } from '../offered-tasks.js'

/** The flags of all commands that use the client API. */
export interface ClientFlags {
  readonly url?: string
  readonly clientToken?: string
  readonly apiPath: string
  readonly json?: boolean
}

const DEFAULT_URL = 'http://localhost:8080'
/** How long the list of workers may take, in ms. */
const LIST_MS = 2_000

/** Returns the names of the tasks that workers offer; `undefined` if the orchestrator does not tell. */
export type AskOffered = () => Promise<readonly string[] | undefined>

/**
 * Connects to the orchestrator that the flags, the variables or `dev` name, and closes the connections after the work.
 *
 * @throws UsageError if there is no token; ConfigError if the URL or the token cannot be used
 */
export const withClient = async <Result>(
  { url: flag, clientToken, apiPath }: ClientFlags,
  work: (client: JobClient, askOffered: AskOffered) => Promise<Result>,
): Promise<Result> => {
  const given = flag ?? (process.env['ORCHESTRATOR_URL']?.trim() || undefined)
  const dev = runningDev(given)
  const url = (given ?? dev?.url ?? DEFAULT_URL).replace(/\/+$/, '')
  const token = clientToken || dev?.clientToken
  if (token === undefined)
    throw new UsageError(
      `No token for the client API of ${url}: set CLIENT_TOKEN to the token of a client, or start "dev" on this machine.`,
      { next: `${NAME} dev` },
    )
  const client = new JobClient({ url, token, apiPath })
  const askOffered = async () => {
    const answer = await getJson(`${url}${apiPath}/workers`, tokenHeaders(token), LIST_MS)
    return answer.kind === 'json' && answer.status === 200 ? offeredTasks(answer.value) : undefined
  }
  try {
    return await work(client, askOffered)
  } finally {
    await client.close()
  }
}

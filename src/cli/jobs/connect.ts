import { JobClient } from '../../client/index.js'
import { runningDev } from '../dev-address.js'
import { NAME, UsageError } from '../fail.js'

/** The flags of all commands that use the client API. */
export interface ClientFlags {
  readonly url?: string
  readonly clientToken?: string
  readonly apiPath: string
  readonly json?: boolean
}

const DEFAULT_URL = 'http://localhost:8080'

/**
 * Connects to the orchestrator that the flags, the variables or `dev` name, and closes the connections after the work.
 *
 * @throws UsageError if there is no token; ConfigError if the URL or the token cannot be used
 */
export const withClient = async <Result>(
  { url: flag, clientToken, apiPath }: ClientFlags,
  work: (client: JobClient) => Promise<Result>,
): Promise<Result> => {
  const given = flag ?? (process.env['ORCHESTRATOR_URL']?.trim() || undefined)
  const dev = runningDev(given?.replace(/\/+$/, ''))
  const url = given ?? dev?.url ?? DEFAULT_URL
  const token = clientToken || dev?.clientToken
  if (token === undefined)
    throw new UsageError(
      `No token for the client API of ${url}: set CLIENT_TOKEN to the token of a client, or start "dev" on this machine.`,
      { next: `${NAME} dev` },
    )
  const client = new JobClient({ url, token, apiPath })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../integration/cli/command.js'
import { clientOf, KEYS, type S3Server, SERVERS } from '../support/s3/servers.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { testOrchestrator } from '../support/test-orchestrator.js'

interface Report {
  readonly findings: readonly { readonly code: string; readonly cause: string; readonly evidence: string }[]
  readonly checks: readonly { readonly name: string; readonly status: string }[]
}

const found = await SERVERS['versitygw']?.()
const missing = found && 'missing' in found ? found.missing : undefined
if (missing) console.warn(`Skipped: versitygw needs ${missing}`)

describe.skipIf(missing)('doctor and a store that refuses', () => {
  let server: S3Server

  beforeAll(async () => {
    if (!found || 'missing' in found) throw new Error('no server')
    server = await found.start()
    const client = clientOf(server)
    await client.send(new CreateBucketCommand({ Bucket: 'results' }))
    client.destroy()
  })
  afterAll(() => server?.stop())

  const doctor = async (variables: NodeJS.ProcessEnv) => {
    const orchestrator = await testOrchestrator({ workerToken: 'worker-token-4711' })
    const child = command(['doctor', '--json'], {
      ORCHESTRATOR_URL: orchestrator.url,
      WORKER_TOKEN: orchestrator.workerToken,
      WORKER_STATE_DIR: temporaryFolder(),
      TASK_FILES_DIR: temporaryFolder(),
      S3_ENDPOINT_URL: server.url,
      S3_REGION: 'us-east-1',
      S3_DEFAULT_BUCKET: 'results',
      S3_ACCESS_KEY: KEYS.accessKey,
      S3_SECRET_KEY: KEYS.secretKey,
      ...variables,
    })
    const code = await child.ended()
    expect(child.output).not.toContain(variables['S3_SECRET_KEY'] ?? KEYS.secretKey)
    return { code, report: JSON.parse(child.output) as Report }
  }

  it('a store with the right variables is fine', async () => {
    const { code, report } = await doctor({})
    expect(report.findings).toEqual([])
    expect(report.checks).toContainEqual(
      expect.objectContaining({ name: 'object store', status: 'ok', detail: 's3://results/ can be listed' }),
    )
    expect(code).toBe(0)
  })

  it('a wrong region harms nothing if the store names the right one', async () => {
    const { code, report } = await doctor({ S3_REGION: 'eu-central-1' })
    expect(report.checks).toContainEqual(expect.objectContaining({ name: 'object store', status: 'ok' }))
    expect(code).toBe(0)
  })

  it.each([
    [
      'a wrong secret',
      { S3_SECRET_KEY: 'another-secret' },
      /^The store refuses the signature: S3_SECRET_KEY/,
    ],
    ['an unknown key', { S3_ACCESS_KEY: 'nobody' }, /^The store does not know S3_ACCESS_KEY\./],
    [
      'a bucket that does not exist',
      { S3_DEFAULT_BUCKET: 'nothing-here' },
      /^The bucket of s3:\/\/nothing-here\/ does not exist\./,
    ],
  ])('%s is the first cause', async (_what, variables, cause) => {
    const { code, report } = await doctor(variables)
    expect(report.findings[0]).toMatchObject({
      code: 'store_unusable',
      cause: expect.stringMatching(cause),
    })
    expect(code).toBe(8)
  })
})

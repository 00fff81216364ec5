import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../support/files/temporary-folder.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'

/** Node then looks for a package that nobody has, and says what it says of one that was left out. */
const HOOK = `export const resolve = (name, context, next) =>
  next(name.startsWith('@aws-sdk/') ? name + '-that-was-left-out' : name, context)`
const asModule = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`
const REGISTER = `import { register } from 'node:module'; register(${JSON.stringify(asModule(HOOK))})`

it('without the AWS SDK, only tasks that need it fail, and say how to install it', async () => {
  const orchestrator = await testOrchestrator()
  await orchestrator.startWorker(fileURLToPath(new URL('without-sdk.child.ts', import.meta.url)), {
    env: { TASK_FILES_DIR: await temporaryFolder(), S3_ENDPOINT_URL: 'http://127.0.0.1:9' },
    execArgv: ['--import', 'tsx', '--import', asModule(REGISTER)],
  })
  const run = async (task: string, params = {}) => {
    const { id } = await orchestrator.createJob({ task, params })
    return orchestrator.waitForJob(id)
  }
  const refused = {
    status: 'quarantined',
    errorMessage: expect.stringContaining(
      'AWS SDK is not installed, but s3:// values need it: npm install @aws-sdk/client-s3',
    ),
  }
  expect(await run('reads', { file: 's3://bucket/key' })).toMatchObject(refused)
  expect(await run('writes')).toMatchObject(refused)
  expect(await run('plain')).toMatchObject({ status: 'finished', history: { text: 'a' } })
  expect(await run('ready')).toMatchObject({ history: { ready: true } })
})

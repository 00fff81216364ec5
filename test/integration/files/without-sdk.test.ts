import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../support/files/temporary-folder.js'
import { Child } from '../../support/interop/child-process.js'

/** Node then looks for a package that nobody has, and says what it says of one that was left out. */
const HOOK = `export const resolve = (name, context, next) =>
  next(name.startsWith('@aws-sdk/') ? name + '-that-was-left-out' : name, context)`
const asModule = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`
const REGISTER = `import { register } from 'node:module'; register(${JSON.stringify(asModule(HOOK))})`

it('without the AWS SDK, only tasks that need it fail, and say how to install it', async () => {
  const program = fileURLToPath(new URL('without-sdk.child.ts', import.meta.url))
  const env = { ...process.env, TASK_FILES_DIR: await temporaryFolder() }
  const child = new Child(process.execPath, ['--import', 'tsx', '--import', asModule(REGISTER), program], {
    env,
  })
  expect(await child.ended(), child.output).toBe(0)
  const refused = {
    status: 'quarantined',
    errorMessage: expect.stringContaining(
      'AWS SDK is not installed, but s3:// values need it: npm install @aws-sdk/client-s3',
    ),
  }
  expect(JSON.parse(child.output)).toEqual({
    jobs: [
      expect.objectContaining({ task: 'reads', ...refused }),
      expect.objectContaining({ task: 'writes', ...refused }),
      expect.objectContaining({ task: 'plain', errorMessage: '', history: { text: 'a' } }),
    ],
    ready: true,
  })
})

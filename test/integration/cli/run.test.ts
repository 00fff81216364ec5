import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { command, moduleFile } from './command.js'

const MAKE = `import { Worker } from 'avtomatika-worker'
const worker = new Worker()
worker.task('hello', ({ name }) => ({ greeting: 'Hello, ' + name }))
`

describe('avtomatika-worker run', () => {
  it.each([
    ['exports its worker by default', 'worker.mjs', `${MAKE}export default worker`],
    ['exports its worker by name', 'worker.js', `${MAKE}export { worker }`],
    ['runs its worker and waits', 'worker.mjs', `${MAKE}await worker.runWithHealthCheck()`],
    ['runs its worker without waiting', 'worker.mjs', `${MAKE}void worker.runWithHealthCheck()`],
    [
      'runs the worker that it exports',
      'worker.mjs',
      `${MAKE}void worker.runWithHealthCheck()\nexport { worker }`,
    ],
    ['is TypeScript', 'worker.ts', `${MAKE}const typed: Worker = worker\nexport default typed`],
  ])('runs a module that %s, until SIGTERM', async (_what, name, code) => {
    const orchestrator = await testOrchestrator()
    const child = command(['run', moduleFile(name, code)], { ORCHESTRATOR_URL: orchestrator.url })
    await Promise.race([orchestrator.waitForWorker('hello'), child.ended()])
    expect(child.output).not.toContain('Error')
    const { id } = await orchestrator.createJob({ task: 'hello', params: { name: 'you' } })
    expect((await orchestrator.waitForJob(id)).history).toEqual({ greeting: 'Hello, you' })
    const [, port] = await child.says(/"port":(\d+)/)
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('OK')
    await child.end('SIGTERM')
    expect(await child.ended()).toBe(0)
  })

  it.each([
    ['exports none and starts none', 'export const answer = 42'],
    ['exports something else by that name', 'export const worker = { run() {} }'],
    ['exports null', 'export default null'],
  ])('says so when a module %s', async (_what, code) => {
    const child = command(['run', moduleFile('no-worker.mjs', code)])
    expect(await child.ended()).toBe(2)
    expect(child.output).toMatch(/^No worker found in \S+no-worker\.mjs\. Export one:\n {2}const worker/)
  })

  it('says that there is no such file', async () => {
    const child = command(['run', 'nowhere.js'])
    expect(await child.ended()).toBe(2)
    expect(child.output).toBe(
      'Cannot import nowhere.js: the file does not exist\nHelp: avtomatika-worker/docs/reference/errors.md#usage\nNext: npx avtomatika-worker init my-worker\n',
    )
  })

  it('shows where a module throws', async () => {
    const child = command(['run', moduleFile('broken.mjs', "throw new TypeError('a bug')")])
    expect(await child.ended()).toBe(1)
    expect(child.output).toMatch(/TypeError: a bug\n\s+at .*broken\.mjs:1:7/)
  })

  it('prints a ConfigError without a stack', async () => {
    const file = moduleFile('worker.mjs', `${MAKE}export default worker`)
    const child = command(['run', file], { MAX_CONCURRENT_TASKS: '-1' })
    expect(await child.ended()).toBe(3)
    expect(child.output).toMatch(/^The worker's configuration cannot be used:\n {2}MAX_CONCURRENT_TASKS = -1/)
    expect(child.output).not.toMatch(/^\s+at /m)
  })

  it.skipIf('typescript' in process.features && process.features.typescript)(
    'says what to install for a TypeScript file when nothing reads it',
    async () => {
      const file = moduleFile('worker.ts', 'export default null', 'outside')
      const child = command(['run', file], {}, dirname(file))
      expect(await child.ended()).toBe(2)
      expect(child.output).toContain('Install tsx (npm install --save-dev tsx)')
    },
  )
})

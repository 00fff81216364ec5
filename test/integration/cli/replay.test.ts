import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { command, moduleFile } from './command.js'

const CODE = (limit: number) => `import { InvalidInputError, Worker } from 'avtomatika-worker'
const worker = new Worker()
worker.task('crop', ({ width, password }) => {
  if (width > ${limit}) throw new InvalidInputError('too wide for ' + process.env.WORKER_TOKEN)
  return { width, password }
})
export default worker`

/** Runs a task that fails, and returns the folder with its file. */
const failOnce = async () => {
  const orchestrator = await testOrchestrator({ workerToken: 'worker-secret-4711' })
  const folder = join(temporaryFolder(), 'failed')
  const file = moduleFile('worker.mjs', CODE(10))
  const child = command(['run', file], {
    ORCHESTRATOR_URL: orchestrator.url,
    WORKER_TOKEN: 'worker-secret-4711',
    WORKER_SAVE_FAILED: folder,
  })
  await Promise.race([orchestrator.waitForWorker('crop'), child.ended()])
  const params = { width: 11, password: 'hunter2', note: 'worker-secret-4711', nested: [{ apiKey: 5, n: 1 }] }
  for (const width of [5, 11]) {
    const { id } = await orchestrator.createJob({ task: 'crop', params: { ...params, width } })
    await orchestrator.waitForJob(id)
  }
  await child.end('SIGTERM')
  return { folder, file }
}

const replay = async (...args: string[]) => {
  const child = command(['replay', ...args])
  const code = await child.ended()
  return { code, output: child.output }
}

it('the params of a failed task are saved without secrets, and the task is run again', async () => {
  const { folder, file } = await failOnce()
  const names = readdirSync(folder)
  expect(names).toEqual([expect.stringMatching(/^crop-[\w.-]+\.json$/)])
  const saved = join(folder, names[0] ?? '')
  expect(statSync(saved).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(saved, 'utf8'))).toMatchObject({
    version: 1,
    taskName: 'crop',
    params: {
      width: 11,
      password: '***',
      note: expect.stringContaining('***'),
      nested: [{ apiKey: '***', n: 1 }],
    },
    error: { code: 'INVALID_INPUT_ERROR', message: expect.stringMatching(/^too wide for \*\*\*/) },
  })
  expect(readFileSync(saved, 'utf8')).not.toMatch(/hunter2|worker-secret/)

  const again = await replay(saved, file)
  expect(again.code).toBe(10)
  expect(again.output).toContain('Task "crop" failed again: ')
  writeFileSync(file, CODE(20))
  const corrected = await replay(saved, file, '--json')
  expect(corrected.code, corrected.output).toBe(0)
  expect(JSON.parse(corrected.output)).toEqual({
    task: 'crop',
    status: 'finished',
    state: 'finished',
    result: { width: 11, password: '***' },
    error: null,
  })
})

it('waits for a debugger: --inspect', async () => {
  const { folder, file } = await failOnce()
  const child = command(['replay', join(folder, readdirSync(folder)[0] ?? ''), file, '--inspect=0'])
  await child.says(/Debugger listening on ws:\/\/127\.0\.0\.1:\d+/)
  expect(child.output).not.toContain('failed again')
})

it('says what is wrong with a file or a module', async () => {
  const file = moduleFile('worker.mjs', CODE(10))
  expect(await replay('nowhere.json', file)).toMatchObject({
    code: 2,
    output: expect.stringMatching(
      /^Cannot read the failed task in nowhere\.json: ENOENT\nHelp: .+#usage\nNext: ls nowhere\.json\n$/,
    ),
  })
  const other = join(temporaryFolder(), 'other.json')
  writeFileSync(other, '{"version": 2}')
  expect((await replay(other, file)).output).toMatch(
    /has no failed task[\s\S]*\nNext: WORKER_SAVE_FAILED=failed /,
  )
  writeFileSync(other, '{"version": 1, "taskName": "crop", "params": {}}')
  const none = moduleFile('none.mjs', 'export const answer = 42')
  expect((await replay(other, none)).output).toContain('the file exports no worker')
})

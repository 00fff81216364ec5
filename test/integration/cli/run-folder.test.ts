import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { command, moduleFile } from './command.js'

/** A folder with these files, inside the repository. */
const folderOf = (files: Readonly<Record<string, string>>): string => {
  const folder = dirname(moduleFile('README.md', 'tasks'))
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), code)
  }
  return folder
}

const taskFile = (name: string, more = ''): string =>
  `import { defineTask } from 'avtomatika-worker'
${more}
export default defineTask({ name: '${name}', run: () => ({ by: '${name}' }) })
`

const start = async () => {
  const orchestrator = await testOrchestrator({ generation: 'rxon' })
  const run = async (task: string) => {
    const { id } = await orchestrator.createJob({ task, params: {} })
    return (await orchestrator.waitForJob(id)).history
  }
  return { orchestrator, run }
}

test('a folder of tasks runs as one worker: by default, by name, in TypeScript and by setup()', async () => {
  const { orchestrator, run } = await start()
  const folder = folderOf({
    'plain.mjs': taskFile('plain'),
    'several.js': `import { defineTask } from 'avtomatika-worker'
      export const one = defineTask({ name: 'one', run: () => ({ by: 'one' }) })
      export const two = defineTask({ name: 'two', run: () => ({ by: 'two' }) })
      export { one as again }`,
    'typed.ts': taskFile('typed', "const unused: string = 'x'\nvoid unused"),
    'zz-setup.mjs': `export const setup = async (worker) => {
      await Promise.resolve()
      worker.use(async (ctx, next) => ({ ...(await next()), seen: ctx.taskName }))
      worker.task('set-up', () => ({ by: 'set-up' }))
    }`,
    '_helper.mjs': "throw new Error('a helper is not loaded')",
    '.hidden.mjs': "throw new Error('a hidden file is not loaded')",
    'types.d.ts': 'export type Nothing = never',
    'notes.txt': 'nothing',
    'deeper/other.mjs': "throw new Error('a subfolder is not loaded')",
  })
  const child = command(['run', folder], { ORCHESTRATOR_URL: orchestrator.url })
  await Promise.race([orchestrator.waitForWorker('set-up'), child.ended()])
  for (const name of ['plain', 'one', 'two', 'typed', 'set-up'])
    expect(await run(name)).toEqual({ by: name, seen: name })
  await child.end('SIGTERM')
  expect(await child.ended()).toBe(0)
})

test('a file may bring the worker; a version of the file counts for its tasks', async () => {
  const { orchestrator, run } = await start()
  const folder = folderOf({
    'app.mjs': `import { Worker } from 'avtomatika-worker'
      export default new Worker({ workerType: 'chosen' })`,
    'task.mjs': taskFile('versioned', "export const version = '2.0'\nexport const description = 'A task'"),
  })
  const child = command(['run', folder], { ORCHESTRATOR_URL: orchestrator.url })
  await Promise.race([orchestrator.waitForWorker('versioned'), child.ended()])
  expect(await run('versioned')).toEqual({ by: 'versioned' })
  expect(orchestrator.workers()).toMatchObject([{ workerType: 'chosen' }])
})

const wrong = {
  'has no task': [
    { 'a.mjs': 'export const answer = 42' },
    /a\.mjs exports no task.*\nNo task found in .*defineTask/s,
  ],
  'is empty': [{}, /^No task found in /],
  'has a file that throws': [
    { 'a.mjs': taskFile('a'), 'b.mjs': "throw new TypeError('a bug')" },
    /^Cannot load \S+b\.mjs: TypeError: a bug/,
  ],
  'has one name twice': [
    { 'a.mjs': taskFile('same'), 'b.mjs': taskFile('same') },
    /^Cannot add the tasks of b\.mjs: Task "same" is registered twice/,
  ],
  'has two workers': [
    {
      'a.mjs': "import { Worker } from 'avtomatika-worker'\nexport default new Worker()",
      'b.mjs': "import { Worker } from 'avtomatika-worker'\nexport default new Worker()",
    },
    /^Several files of \S+ export a worker: a\.mjs, b\.mjs/,
  ],
  'starts a worker itself': [
    {
      'a.mjs': taskFile('a'),
      'b.mjs': "import { Worker } from 'avtomatika-worker'\nvoid new Worker().task('x', () => {}).start()",
    },
    /A file of \S+ starts a worker\. Export it/,
  ],
} as const

test.each(Object.keys(wrong) as (keyof typeof wrong)[])(
  'a folder that %s ends the command with a reason',
  async (what) => {
    const [files, message] = wrong[what]
    const child = command(['run', folderOf(files)], { LOG_LEVEL: 'silent' })
    expect(await child.ended()).toBe(what === 'has a file that throws' ? 1 : 2)
    expect(child.output).toMatch(message)
    expect(child.output).toMatch(/\nNext: npx avtomatika-worker [^\n]+\n$/)
  },
)

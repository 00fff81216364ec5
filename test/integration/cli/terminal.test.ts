import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { hasTerminal, inTerminal } from '../../support/terminal/terminal.js'
import { MAIN, moduleFile } from './command.js'

const WORKER = `import { Worker } from 'avtomatika-worker'
export default new Worker().task('hello', () => ({ greeting: 'Hello!' }))
`

/** Starts `avtomatika-worker` in a terminal, without colors. */
const typed = (args: readonly string[], cwd: string) =>
  inTerminal(process.execPath, [MAIN, ...args], {
    cwd,
    env: { NO_COLOR: '1', XDG_STATE_HOME: process.env['XDG_STATE_HOME'] },
  })

describe.skipIf(!hasTerminal())('in a terminal', () => {
  const dev = async () => {
    const file = moduleFile('worker.mjs', WORKER)
    const child = typed(['dev', 'worker.mjs', '--port', '0'], dirname(file))
    const [, url = ''] = await child.says(/listens on (http:\/\/[\d.:]+)/)
    const [, token = ''] = await child.says(/X-Avtomatika-Token: (\S+)'/)
    await child.says(/Press h for the keys\./)
    await child.says(/offers hello/)
    return { child, url, token }
  }

  it('dev has keys for help, workers, jobs, the screen and a restart', async () => {
    const { child, url, token } = await dev()
    child.tell('h')
    await child.says(/ {2}h {2}this help\r\n {2}r {2}restart the worker\r\n[\s\S]* {2}q {2}quit\r\n/)
    child.tell('w')
    await child.says(/\n {2}dev-\d+ {2}hello\r\n/)
    child.tell('j')
    await child.says(/There are no jobs: npx avtomatika-worker send TASK\r\n/)
    const created = await fetch(`${url}/api/v1/jobs/one_task`, {
      method: 'POST',
      headers: { 'x-avtomatika-token': token },
      body: '{"initial_data": {"type": "hello"}}',
    })
    const { job_id } = (await created.json()) as { job_id: string }
    await child.says(new RegExp(`job ${job_id} \\(hello\\): finished`))
    child.tell('j')
    await child.says(new RegExp(`\\n {2}${job_id} {2}hello {2}finished\\r\\n`))
    child.tell('c')
    await child.says(/\[2J.\[3J.\[H/)
    child.tell('r')
    await child.says(/The worker runs again/)
    child.tell('x')
    child.tell('q')
    expect(await child.ended()).toBe(0)
  })

  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('dev ends at %s', async (_name, key) => {
    const { child } = await dev()
    child.tell(key)
    expect(await child.ended()).toBe(0)
  })

  it('init asks for the folder and the language', async () => {
    const folder = temporaryFolder()
    const child = typed(['init', '--no-install'], folder)
    await child.says(/Folder of the project \[my-worker\]: /)
    child.tell('w1')
    await child.says(/Language, typescript or javascript \[typescript\]: /)
    child.tell('javascript')
    expect(await child.ended()).toBe(0)
    expect(child.output).toContain('Created a javascript worker.')
    expect(existsSync(join(folder, 'w1/tsconfig.json'))).toBe(false)
    expect(JSON.parse(readFileSync(join(folder, 'w1/package.json'), 'utf8'))).toMatchObject({ name: 'w1' })
  })

  it('init takes the answers in brackets for empty lines, and asks for no folder that is given', async () => {
    const folder = temporaryFolder()
    const child = typed(['init', '--no-install'], folder)
    await child.says(/Folder of the project/)
    child.tell('')
    await child.says(/Language, /)
    child.tell('')
    expect(await child.ended()).toBe(0)
    expect(existsSync(join(folder, 'my-worker/tsconfig.json'))).toBe(true)

    const second = typed(['init', 'other', '--no-install'], folder)
    await second.says(/Language, /)
    second.tell('')
    expect(await second.ended()).toBe(0)
    expect(second.output).not.toContain('Folder of the project')
    expect(existsSync(join(folder, 'other/package.json'))).toBe(true)
  })

  it('init asks nothing when flags are given', async () => {
    const folder = temporaryFolder()
    const child = typed(['init', 'w', '--language', 'typescript', '--no-install'], folder)
    expect(await child.ended()).toBe(0)
    expect(child.output).not.toContain('Language, ')
    const yes = typed(['init', 'w2', '--yes', '--no-install'], folder)
    expect(await yes.ended()).toBe(0)
    expect(yes.output).not.toContain('Language, ')
  })
})

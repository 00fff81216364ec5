import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { StandIn } from '../journal/stand-in.js'
import { command, MAIN } from './command.js'

const setUp = async () => {
  const standIn = await StandIn.start()
  const folder = temporaryFolder()
  const letters = join(folder, 'dead-letters')
  mkdirSync(letters)
  for (const [at, taskId] of ['t1', 't2'].entries()) {
    const result = {
      jobId: `j-${taskId}`,
      taskId,
      workerId: 'w1',
      outcome: { kind: 'value', status: 'success', data: { at } },
    }
    const letter = {
      version: 1,
      from: standIn.url,
      diedAt: `2026-01-0${at + 1}T00:00:00.000Z`,
      reason: 'Job not found',
      status: 404,
      result,
    }
    writeFileSync(join(letters, `${taskId}.json`), JSON.stringify(letter))
  }
  writeFileSync(join(letters, 'notes.json'), '{"not": "a letter"}')
  const outbox = async (...args: string[]) => {
    const child = command(['outbox', ...args], {
      WORKER_STATE_DIR: folder,
      ORCHESTRATOR_URL: standIn.url,
      ORCHESTRATOR_PROTOCOL: 'classic',
      WORKER_TOKEN: 'the-token',
    })
    return { code: await child.ended(), output: child.output }
  }
  return { standIn, folder, letters, outbox, left: () => readdirSync(letters).sort() }
}

describe('avtomatika-worker outbox', () => {
  it('lists the dead letters, the oldest first', async () => {
    const { standIn, outbox } = await setUp()
    const { code, output } = await outbox('list')
    expect(code).toBe(0)
    expect(output.trim().split('\n')).toEqual([
      `2026-01-01T00:00:00.000Z  t1  job j-t1  w1  ${standIn.url}  Job not found`,
      `2026-01-02T00:00:00.000Z  t2  job j-t2  w1  ${standIn.url}  Job not found`,
    ])
    const whole = await outbox('list', '--json')
    expect(
      whole.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).result.taskId),
    ).toEqual(['t1', 't2'])
  })

  it('resends one, and deletes it when the orchestrator accepts it', async () => {
    const { standIn, outbox, left } = await setUp()
    expect(await outbox('replay', 't2')).toEqual({ code: 0, output: `Delivered t2 to ${standIn.url}\n` })
    expect(standIn.deliveries).toMatchObject([
      { task_id: 't2', worker_id: 'w1', result: { status: 'success', data: { at: 1 } } },
    ])
    expect(left()).toEqual(['notes.json', 't1.json'])
  })

  it('keeps dead letters that are refused again, and says so', async () => {
    const { standIn, outbox, left } = await setUp()
    standIn.resultAnswer = 404
    const { code, output } = await outbox('replay', '--all')
    expect(code).toBe(1)
    expect(output).toContain('Could not deliver t1')
    expect(output).toContain('Job not found')
    expect(left()).toEqual(['notes.json', 't1.json', 't2.json'])
  })

  it('sends nothing to an orchestrator that is not configured', async () => {
    const { outbox, left } = await setUp()
    const other = await StandIn.start()
    const { code, output } = await outbox('replay', 't1', '--to', other.url)
    expect(code).toBe(1)
    expect(output).toContain('Its orchestrator is not configured')
    expect(other.deliveries).toEqual([])
    expect(left()).toContain('t1.json')
  })

  it('lists all of many dead letters with few open files', async () => {
    const { folder, letters } = await setUp()
    const text = readFileSync(join(letters, 't1.json'), 'utf8')
    for (let at = 3; at <= 300; at++) writeFileSync(join(letters, `t${at}.json`), text)
    const list = `ulimit -n 64 && exec "${process.execPath}" "${MAIN}" outbox list --state-dir "${folder}"`
    const { status, stdout, stderr } = spawnSync('sh', ['-c', list], { encoding: 'utf8' })
    expect({ status, lines: stdout.trim().split('\n').length, stderr }).toEqual({
      status: 0,
      lines: 300,
      stderr: '',
    })
  })

  it('names what it cannot read, and goes on with the rest', async () => {
    const { outbox, letters, folder } = await setUp()
    writeFileSync(join(letters, 't1.json'), '{"version": 1, "fro')
    const { code, output } = await outbox('list')
    expect(code).toBe(1)
    expect(output).toContain(`Could not read ${join(letters, 't1.json')}: `)
    expect(output).toContain('  t2  job j-t2  ')
    const replayed = await outbox('replay', '--all')
    expect(replayed).toMatchObject({ code: 1, output: expect.stringContaining('Delivered t2 to ') })
    rmSync(letters, { recursive: true })
    writeFileSync(letters, 'not a folder')
    const none = await outbox('list')
    expect(none).toMatchObject({ code: 1, output: expect.stringContaining(`Could not read ${folder}: `) })
    expect(none.output).not.toContain('There are no dead letters')
    rmSync(letters)
    expect(await outbox('list')).toEqual({ code: 0, output: 'There are no dead letters.\n' })
  })

  it('reads the directories of all workers of this user, and no other files there', async () => {
    const { folder } = await setUp()
    const home = temporaryFolder()
    const parent = join(home, 'avtomatika-worker')
    mkdirSync(parent)
    cpSync(folder, join(parent, 'w1'), { recursive: true })
    writeFileSync(join(parent, '.DS_Store'), '')
    const child = command(['outbox', 'list'], { XDG_STATE_HOME: home })
    expect(await child.ended()).toBe(0)
    expect(child.output.trim().split('\n')).toHaveLength(2)
  })

  it('refuses a state directory that does not exist', async () => {
    const { outbox, folder } = await setUp()
    const path = join(folder, 'typo')
    const { code, output } = await outbox('list', '--state-dir', path)
    expect(code).toBe(2)
    expect(output).toContain(`State directory ${path} does not exist.`)
  })

  it('deletes the named dead letters, and nothing without a name', async () => {
    const { outbox, left } = await setUp()
    expect((await outbox('drop')).code).toBe(2)
    expect((await outbox('drop', 't3')).output).toContain('No dead letter found for t3')
    expect(await outbox('drop', 't1')).toEqual({ code: 0, output: 'Deleted t1\n' })
    expect(left()).toEqual(['notes.json', 't2.json'])
  })
})

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { hasTerminal, inTerminal } from '../../support/terminal/terminal.js'
import { command } from './command.js'

const scriptFor = async (shell: string): Promise<string> => {
  const child = command(['completion', shell])
  expect(await child.ended()).toBe(0)
  return child.output
}

it.each([
  [['do'], ['doctor']],
  [
    ['outbox', ''],
    ['list', 'replay', 'drop', '--help'],
  ],
  [['send', 'hello', '--w'], ['--wait']],
  [['outbox', 'replay', '--t'], ['--to']],
])('completes %j in bash', async (typed, expected) => {
  const words = ['avtomatika-worker', ...typed].map((word) => `'${word}'`).join(' ')
  const script = `${await scriptFor('bash')}
COMP_WORDS=(${words}); COMP_CWORD=${typed.length}
_avtomatika_worker; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(expected)
})

/** Each is what a person types up to the Tab key, and the word that completes it. */
const completed: [string, string][] = [
  ['do', 'doctor'],
  ['outbox re', 'replay'],
  ['send hello --w', '--wait'],
  ['outbox replay --t', '--to'],
]

const has = (shell: string): boolean => {
  const isThere = spawnSync(shell, ['--version']).status === 0
  if (!isThere) console.warn(`Skipped: ${shell} is not installed (apt-get install ${shell})`)
  return isThere || process.env['CI'] === 'true'
}

/** Starts a shell in a terminal in which the command prints its arguments, with the script of `completion`. */
const shellWith = async (shell: string, args: readonly string[]) => {
  const folder = temporaryFolder()
  writeFileSync(
    join(folder, 'set-up'),
    `avtomatika-worker() { printf 'GOT:%s:\\n' "$*"; }
${await scriptFor(shell)}`,
  )
  // The terminal ends before the shell does, which would then still write its history into the folder.
  const env = { HOME: folder, PS1: 'READY> ', HISTFILE: '' }
  const child = inTerminal(shell, args, { cwd: folder, env })
  child.tell('. ./set-up && echo LOAD"ED"')
  await child.says(/LOADED/)
  return child
}

describe.skipIf(!hasTerminal())('the Tab key', () => {
  it.skipIf(!has('bash')).each(completed)('completes %j in bash', async (typed, word) => {
    const child = await shellWith('bash', ['--norc', '--noprofile', '-i'])
    child.tell(`avtomatika-worker ${typed}\t`)
    const [, got] = await child.says(/GOT:(.*?) *:/)
    expect(got).toBe(`${typed.slice(0, typed.lastIndexOf(' ') + 1)}${word}`)
  })

  it.skipIf(!has('zsh')).each(completed)('completes %j in zsh', async (typed, word) => {
    const child = await shellWith('zsh', ['-f', '-i'])
    child.tell(`avtomatika-worker ${typed}\t`)
    const [, got] = await child.says(/GOT:(.*?) *:/)
    expect(got).toBe(`${typed.slice(0, typed.lastIndexOf(' ') + 1)}${word}`)
  })
})

describe.skipIf(!has('fish'))('fish', () => {
  const complete = async (typed: string): Promise<string[]> => {
    const script = `${await scriptFor('fish')}
complete -C 'avtomatika-worker ${typed}'`
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' })
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }

  it.each(completed)('completes %j', async (typed, word) => {
    expect(await complete(typed)).toEqual([word])
  })

  it('lists the commands of a command, and only those', async () => {
    const words = await complete('outbox ')
    expect(words).toEqual(expect.arrayContaining(['drop', 'list', 'replay']))
    expect(words).not.toContain('doctor')
  })
})

it('has no script for another shell', async () => {
  const child = command(['completion', 'tcsh'])
  expect(await child.ended()).toBe(2)
})

import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
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

it('has a script for zsh and one for fish, and no other', async () => {
  expect(await scriptFor('zsh')).toContain('bashcompinit')
  expect(await scriptFor('fish')).toContain(
    "complete -c avtomatika-worker -n '__fish_seen_subcommand_from send' -l wait",
  )
  const child = command(['completion', 'tcsh'])
  expect(await child.ended()).toBe(2)
})

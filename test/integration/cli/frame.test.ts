import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { command, moduleFile } from './command.js'

const outcomeOf = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const child = command(args, env)
  const code = await child.ended()
  return { code, output: child.output }
}

describe('the frame of the command', () => {
  it.each([
    [['rn', 'worker.js'], `Unknown command 'rn': did you mean "run"?`, 'run worker.js'],
    [['outbox', 'lst'], `Unknown command 'lst': did you mean "list"?`, 'outbox list'],
    [['run', '--wach', 'x.js'], `Unknown option '--wach': did you mean "--watch"?`, 'run --watch x.js'],
    [['frobnicate'], `Unknown command 'frobnicate'`, '--help'],
    [['run'], `Missing required argument 'path'`, 'run --help'],
    [['run', 'a.js', 'b.js'], "Too many arguments for 'run'. Expected 1 argument but got 2", 'run --help'],
    [['dev', '--port', 'x'], "argument 'x' is invalid", 'dev --help'],
  ])('says what to type after %j', async (args, message, next) => {
    const { code, output } = await outcomeOf(args)
    expect(code).toBe(2)
    expect(output).toContain(message)
    expect(output).toMatch(new RegExp(`\\nNext: npx avtomatika-worker ${next}\\n$`))
  })

  it('prints the help and a usage error without a command', async () => {
    const { code, output } = await outcomeOf([])
    expect(code).toBe(2)
    expect(output).toContain('Usage: avtomatika-worker')
    expect(output).toContain('Next: npx avtomatika-worker --help')
  })

  it('prints an error as JSON: --json', async () => {
    const { code, output } = await outcomeOf(['run', 'nowhere.js', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(output)).toEqual({
      error: {
        code: 'USAGE',
        message: 'Cannot import nowhere.js: the file does not exist',
        next: 'npx avtomatika-worker init my-worker',
        help: 'avtomatika-worker/docs/reference/errors.md#usage',
        exitCode: 2,
      },
    })
  })

  it('prints the stack of an error with --debug only', async () => {
    const file = moduleFile('broken.mjs', "const fail = () => {\n  throw new TypeError('a bug')\n}\nfail()")
    const brief = await outcomeOf(['run', file])
    expect(brief.code).toBe(1)
    expect(brief.output).toMatch(
      /^TypeError: a bug\n {4}at fail \(file:\S+broken\.mjs:2:9\)\nHelp: \S+#failed\nNext: \S+ .* --debug\n$/,
    )
    const whole = await outcomeOf(['run', file, '--debug'])
    expect(whole.output.match(/^\s+at /gm)?.length).toBeGreaterThan(2)
  })

  it('names a file with a similar name', async () => {
    const file = moduleFile('worker.mjs', 'export default null')
    const { output } = await outcomeOf(['run', file.replace('worker.mjs', 'wroker.mjs')])
    expect(output).toContain(
      `Did you mean ${file}?\nHelp: avtomatika-worker/docs/reference/errors.md#usage\nNext: npx avtomatika-worker run ${file}\n`,
    )
  })

  it('reads variables from files: the environment wins, then the last file', async () => {
    const folder = temporaryFolder()
    const [first, second] = [join(folder, 'first.env'), join(folder, 'second.env')]
    writeFileSync(first, 'MAX_CONCURRENT_TASKS=zero\nLOG_LEVEL=loud\n')
    writeFileSync(second, '# a comment\nMAX_CONCURRENT_TASKS=none\nWORKER_PORT=many\n')
    const file = moduleFile('worker.mjs', "import { Worker } from 'avtomatika-worker'\nnew Worker()")
    const { output } = await outcomeOf(
      [
        'run',
        file,
        '--env-file',
        first,
        `--env-file-if-exists=${second}`,
        '--env-file-if-exists',
        'nowhere.env',
      ],
      { LOG_LEVEL: 'quiet', WORKER_PORT: undefined },
    )
    expect(output).toContain('MAX_CONCURRENT_TASKS = none')
    expect(output).toContain('LOG_LEVEL = quiet')
    expect(output).toContain('WORKER_PORT = many')
  })

  // Node 20 finds this flag behind the name of a program, too, and ends with its own message and code.
  it('needs a file of --env-file', async () => {
    const { code, output } = await outcomeOf(['run', 'worker.js', '--env-file', 'nowhere.env'])
    if (code === 9) expect(output).toContain('nowhere.env: not found')
    else {
      expect(code).toBe(2)
      expect(output).toBe('Cannot read the variables in nowhere.env: ENOENT\nNext: ls nowhere.env\n')
    }
  })
})

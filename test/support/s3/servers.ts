import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Child } from '../interop/child-process.js'
import { eventually } from '../interop/eventually.js'
import { freePort } from '../interop/free-port.js'
import { findPython, pythonEnv } from '../interop/python-env.js'

const run = promisify(execFile)
const GO_CACHE = fileURLToPath(new URL('../../../node_modules/.cache/avtomatika-s3/', import.meta.url))
const GO_BUILD_MS = 120_000

export const KEYS = { accessKey: 'test-access', secretKey: 'test-secret' }

/** A real S3 server, for the tests of one file. */
export interface S3Server {
  readonly url: string
  stop(): Promise<void>
}

/** What is missing for a server on this machine; a reason to skip its tests. */
export type Found = { readonly start: () => Promise<S3Server> } | { readonly missing: string }

// The shell waits for the end of its input, which comes when the process that runs the tests is gone.
const TIED_TO_INPUT = '"$@" & cat >/dev/null; kill $!'

const startProgram = async (
  command: string,
  argsFor: (port: number) => readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<S3Server> => {
  const port = await freePort()
  const child = new Child('sh', ['-c', TIED_TO_INPUT, 'sh', command, ...argsFor(port)], {
    env: { ...process.env, ...env },
  })
  const url = `http://127.0.0.1:${port}`
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    )
  try {
    await eventually(`${command} answers`, answers, { deadlineMs: 60_000, pauseMs: 100 }, () => child.output)
  } catch (error) {
    await child.end()
    throw error
  }
  return { url, stop: () => child.end() }
}

const moto = async (): Promise<Found> => {
  const python = findPython()
  if (!python) return { missing: 'python3 with venv' }
  const interpreter = await pythonEnv(python, 'moto')
  return { start: () => startProgram(interpreter, (port) => ['-m', 'moto.server', '-p', `${port}`]) }
}

const inCache = (name: string): string | undefined => {
  const path = join(GO_CACHE, name)
  return existsSync(path) ? path : undefined
}

const goInstalled = async (name: string, pkg: string): Promise<string | undefined> => {
  const found = inCache(name)
  if (found || spawnSync('go', ['version']).status !== 0) return found
  await mkdir(GO_CACHE, { recursive: true })
  const env = { ...process.env, GOBIN: GO_CACHE }
  await run('go', ['install', pkg], { env, timeout: GO_BUILD_MS }).catch(() => undefined)
  return inCache(name)
}

const gofakes3 = async (): Promise<Found> => {
  const command = await goInstalled('gofakes3', 'github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0')
  if (!command) return { missing: 'Go, or its module proxy' }
  return {
    start: () => startProgram(command, (port) => ['-host', `127.0.0.1:${port}`, '-backend', 'memory']),
  }
}

/** The strict one. It takes minutes to build, so that it is only used where somebody has built it. */
const versitygw = async (): Promise<Found> => {
  const command = inCache('versitygw')
  if (!command)
    return {
      missing: `versitygw (GOBIN=${GO_CACHE} go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)`,
    }
  return {
    start: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'versitygw-'))
      const argsFor = (port: number) => ['--port', `127.0.0.1:${port}`, 'posix', folder]
      const env = { ROOT_ACCESS_KEY: KEYS.accessKey, ROOT_SECRET_KEY: KEYS.secretKey }
      const server = await startProgram(command, argsFor, env)
      const stop = async () => {
        await server.stop()
        await rm(folder, { recursive: true, force: true })
      }
      return { ...server, stop }
    },
  }
}

export const SERVERS: Readonly<Record<string, () => Promise<Found>>> = { moto, gofakes3, versitygw }

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { goProgram } from '../go-program.js'
import { Child } from '../interop/child-process.js'
import { eventually } from '../interop/eventually.js'
import { freePort } from '../interop/free-port.js'
import { findPython, pythonEnv } from '../interop/python-env.js'
import type { Pair } from '../tls/certificates.js'

export const KEYS = { accessKey: 'test-access', secretKey: 'test-secret' }

/** A real S3 server, for the tests of one file. */
export interface S3Server {
  readonly url: string
  stop(): Promise<void>
}

export const clientOf = ({ url }: S3Server): S3Client =>
  new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: KEYS.accessKey, secretAccessKey: KEYS.secretKey },
  })

/** What is missing for a server on this machine; a reason to skip its tests. */
export type Found = { readonly start: (tls?: Pair) => Promise<S3Server> } | { readonly missing: string }

/** The code of an error of `fetch`: the server answers, and only its certificate is unknown to this process. */
const UNTRUSTED = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'

// The shell waits for the end of its input, which comes when the process that runs the tests is gone.
const TIED_TO_INPUT = '"$@" & cat >/dev/null; kill $!'

const startProgram = async (
  command: string,
  argsFor: (port: number) => readonly string[],
  env: NodeJS.ProcessEnv = {},
  scheme: 'http' | 'https' = 'http',
): Promise<S3Server> => {
  const port = await freePort()
  const child = new Child('sh', ['-c', TIED_TO_INPUT, 'sh', command, ...argsFor(port)], {
    env: { ...process.env, ...env },
  })
  const url = `${scheme}://127.0.0.1:${port}`
  // Whoever starts a server with TLS trusts its certificate.
  const answers = () =>
    fetch(url).then(
      () => true,
      (error: { cause?: { code?: string } }) => error.cause?.code === UNTRUSTED,
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

const NO_GO = { missing: 'Go, and its module proxy' }

const gofakes3 = async (): Promise<Found> => {
  const command = await goProgram('gofakes3', 'v1.2.0', 'github.com/johannesboyne/gofakes3/cmd/gofakes3')
  if (!command) return NO_GO
  return {
    start: () => startProgram(command, (port) => ['-host', `127.0.0.1:${port}`, '-backend', 'memory']),
  }
}

/** Builds versitygw once for this machine. Later builds of the same version take seconds. */
export const versitygwProgram = (): Promise<string | undefined> =>
  goProgram('versitygw', 'v1.8.0', 'github.com/versity/versitygw/cmd/versitygw')

/** The strict one: wrong secrets, wrong checksums and parts that do not fit together are refused, as by AWS. */
const versitygw = async (): Promise<Found> => {
  const command = await versitygwProgram()
  if (!command) return NO_GO
  return {
    start: async (tls) => {
      const folder = await mkdtemp(join(tmpdir(), 'versitygw-'))
      const secure = tls ? ['--cert', tls.certPath, '--key', tls.keyPath] : []
      const argsFor = (port: number) => ['--port', `127.0.0.1:${port}`, ...secure, 'posix', folder]
      const env = { ROOT_ACCESS_KEY: KEYS.accessKey, ROOT_SECRET_KEY: KEYS.secretKey }
      const server = await startProgram(command, argsFor, env, tls ? 'https' : 'http')
      const stop = async () => {
        await server.stop()
        await rm(folder, { recursive: true, force: true })
      }
      return { ...server, stop }
    },
  }
}

export const SERVERS: Readonly<Record<string, () => Promise<Found>>> = { moto, gofakes3, versitygw }

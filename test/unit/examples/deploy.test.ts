import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { VARIABLE_NAMES, VARIABLES } from '../../../src/config/variables.js'

const examples = fileURLToPath(new URL('../../../examples', import.meta.url))
const read = (path: string): string => readFileSync(join(examples, path), 'utf8')

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: object
  readonly stop_grace_period?: string
}

const compose = parse(read('deploy/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const workers = Object.entries(compose.services).filter(([name]) => name.startsWith('worker'))
const unit = read('deploy/avtomatika-worker.service')
const shutdownSeconds = Number(VARIABLES.WORKER_SHUTDOWN_TIMEOUT.default)

const unknownIn = (names: readonly string[]): readonly string[] =>
  names.filter((name) => name !== 'NODE_ENV' && !(VARIABLE_NAMES as readonly string[]).includes(name))

test('the workers of the compose file have ids, volumes and time of their own, and settings that exist', () => {
  expect(workers).toHaveLength(2)
  expect(new Set(workers.map(([, { environment }]) => environment?.['WORKER_ID'])).size).toBe(2)
  expect(new Set(workers.map(([, { volumes }]) => volumes?.[0])).size).toBe(2)
  for (const [, { environment = {}, stop_grace_period = '' }] of workers) {
    expect(unknownIn(Object.keys(environment))).toEqual([])
    expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(shutdownSeconds)
  }
})

test('everything that the compose file names is there', () => {
  for (const { build, volumes = [], depends_on = {} } of Object.values(compose.services)) {
    for (const volume of volumes) expect(compose.volumes).toHaveProperty(volume.split(':')[0] ?? '')
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(condition).toBe('service_healthy')
      expect(compose.services[name]?.healthcheck).toBeDefined()
    }
    if (build) expect(existsSync(join(examples, build.dockerfile))).toBe(true)
  }
})

test.each(['worker', 'orchestrator'])('each file that %s.Dockerfile copies is there', (name) => {
  const copied = read(`deploy/${name}.Dockerfile`).matchAll(/^COPY (.+) \S+$/gm)
  const files = [...copied].flatMap(([, sources = '']) => sources.split(' '))
  expect(files.length).toBeGreaterThan(1)
  // The package is made by `npm pack` before the image.
  const absent = files.filter((file) => !file.endsWith('.tgz') && !existsSync(join(examples, file)))
  expect(absent).toEqual([])
})

test('the systemd unit has settings that exist, and gives the worker the time to end', () => {
  const names = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name = '']) => name)
  expect(names).toContain('WORKER_STATE_DIR')
  expect(unknownIn(names)).toEqual([])
  expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(shutdownSeconds)
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

test.skipIf(!hasSystemd)('systemd finds nothing wrong with the unit', () => {
  const path = join(examples, 'deploy/avtomatika-worker.service')
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
  // The program of the example need not be there.
  const findings = stderr.split('\n').filter((line) => line.includes('avtomatika-worker.service'))
  expect(findings.filter((line) => !line.includes('is not executable'))).toEqual([])
  if (findings.length === 0) expect(status).toBe(0)
})

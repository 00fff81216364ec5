import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../../support/interop/free-port.js'
import { RawOrchestrator } from '../../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'
import { command } from '../command.js'
import { base, FAULTS, healthy, SECRETS, type Seeded, s3With, withHeartbeats } from './faults.js'

interface Finding {
  readonly code: string
  readonly severity: string
  readonly cause: string
  readonly evidence: string
  readonly remedy: string
}

const doctor = async ({ env, args = [] }: Seeded, ...more: string[]) => {
  const child = command(['doctor', ...args, ...more], env)
  const code = await child.ended()
  for (const secret of SECRETS) expect(child.output).not.toContain(secret)
  return { code, output: child.output }
}

/** The command ran twice, and a measured time may be a second longer the next time. */
const withoutSeconds = (text: string): string => text.replace(/\d+ s\b/g, '… s')

describe('avtomatika-worker doctor', () => {
  it.for(Object.keys(FAULTS))('names the cause first: %s', async (name, { skip }) => {
    const fault = FAULTS[name]
    const seeded = (await fault?.seed()) ?? 'no such fault'
    if (typeof seeded === 'string') return skip(seeded)
    const [asJson, asText] = await Promise.all([doctor(seeded, '--json'), doctor(seeded)])
    const { ok, findings } = JSON.parse(asJson.output) as { ok: boolean; findings: Finding[] }
    expect(findings[0]?.code, asText.output).toBe(fault?.code)
    expect(findings[0]).toMatchObject({
      cause: expect.stringMatching(/^\S.*[.?]$/s),
      evidence: expect.stringMatching(/^\S.*[.?]$/s),
      remedy: expect.stringMatching(/^\S/),
    })
    expect(ok).toBe(findings[0]?.severity === 'warning')
    expect(asJson.code).toBe(ok ? 0 : 8)
    const first = `1. ${ok ? 'Warning: ' : ''}${findings[0]?.cause}`
    expect(withoutSeconds(asText.output)).toContain(withoutSeconds(first))
  })

  it.each([
    [403, 'InvalidAccessKeyId'],
    [404, 'XAdminUserNotFound'],
  ])('names the variable of a key that the store does not know: %i %s', async (status, code) => {
    const { output } = await doctor(await s3With(status, code))
    expect(output).toContain('The store does not know S3_ACCESS_KEY.')
  })

  it('finds nothing if nothing is wrong', async () => {
    const env = await healthy()
    const { code, output } = await doctor({ env })
    expect(output).toContain('No fault found.')
    expect(code).toBe(0)
  })

  it('blames no firewall if there is a connection', async () => {
    const raw = await RawOrchestrator.start()
    raw.answers('other', 'hold')
    const silent = await doctor({ env: base(raw.url) })
    expect(silent.output).toContain('accepts connections, but does not answer')
    expect(silent.output).not.toContain('firewall')
    const partly = await doctor({ env: base((await withHeartbeats('hold')).url) })
    expect(partly.output).toContain('answers some requests, but not all')
    expect(partly.output).toMatch(/was answered with status \d+\. PATCH \S+ timed out/)
    expect(partly.output).toMatch(/no complete response after \d+ ms/)
    expect(partly.output).not.toContain('firewall')
  })

  it('tells which checks could not run', async () => {
    const { output } = await doctor({ env: base(`http://127.0.0.1:${await freePort()}`) }, '--json')
    const { checks } = JSON.parse(output) as { checks: { name: string; status: string }[] }
    const skipped = checks.filter(({ status }) => status === 'skipped').map(({ name }) => name)
    for (const name of ['clock of', 'generation of', 'token for', 'jobs of'])
      expect(skipped).toContainEqual(expect.stringMatching(new RegExp(`^${name} http://127`)))
  })

  it('shows the source of each value, and no secret', async () => {
    const env = await healthy()
    const file = join(temporaryFolder(), 'worker.env')
    writeFileSync(file, `MAX_CONCURRENT_TASKS=7\nORCHESTRATOR_SECRET_KEY=${SECRETS[3]}\n`)
    const { output } = await doctor({ env }, '--env-file-if-exists', file, '--json')
    const { configuration } = JSON.parse(output)
    const about = (name: string) => configuration.find((each: { name: string }) => each.name === name)
    expect(about('MAX_CONCURRENT_TASKS')).toEqual({ name: 'MAX_CONCURRENT_TASKS', value: 7, source: file })
    expect(about('ORCHESTRATOR_SECRET_KEY')).toMatchObject({ value: '***', source: file })
    expect(about('WORKER_TOKEN')).toMatchObject({ value: '***', source: 'environment' })
    expect(about('LOG_LEVEL')).toMatchObject({ source: 'default' })
    const text = await doctor({ env }, '--all')
    expect(text.output).toContain('WORKER_TOKEN = ***  (environment)')
    expect(text.output).toContain('(default)')
  })

  it('examines the orchestrator of dev with its random tokens, unless another token is set', async () => {
    const env = { XDG_STATE_HOME: temporaryFolder(), TASK_FILES_DIR: temporaryFolder() }
    await command(['dev', '--port', '0'], env).says(/keeps everything in memory/)
    const { code, output } = await doctor({ env }, '--json')
    expect(JSON.parse(output)).toMatchObject({ ok: true, findings: [] })
    expect(code).toBe(0)
    const { checks, configuration } = JSON.parse(output)
    expect(checks.filter(({ name }: { name: string }) => /^(token|jobs) /.test(name))).toMatchObject([
      { status: 'ok' },
      { status: 'ok', detail: '0 workers, 0 jobs' },
    ])
    expect(configuration).toContainEqual({ name: 'WORKER_TOKEN', value: '***', source: 'dev' })
    const { ORCHESTRATOR_URL: url } = Object.fromEntries(
      configuration.map(({ name, value }: { name: string; value: unknown }) => [name, value]),
    )
    const own = { ...env, ORCHESTRATOR_URL: String(url), WORKER_TOKEN: 'another-token' }
    const refused = await doctor({ env: own }, '--json')
    expect(JSON.parse(refused.output).findings).toMatchObject([{ code: 'token_refused' }])
  })

  it('refuses a --worker that is no URL', async () => {
    const { code, output } = await doctor({ env: await healthy() }, '--worker', '8083')
    expect(code).toBe(2)
    expect(output).toContain('Next: npx avtomatika-worker doctor --worker http://127.0.0.1:8083')
  })
})

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { JobClient } from 'avtomatika-worker/client'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { Child } from '../support/interop/child-process.js'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { CLIENT_TOKEN, startProduction, waitForWorker } from '../support/interop/production-orchestrator.js'
import { prepare } from '../support/interop/production-setup.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const at = (path: string): string => fileURLToPath(new URL(`../../examples/deploy/${path}`, import.meta.url))

/** Where the containers find each other. Everything else of their environment counts here, too. */
const OF_THE_NETWORK = ['REDIS_HOST', 'API_HOST', 'API_PORT', 'CLIENTS_CONFIG_PATH', 'ORCHESTRATOR_URL']

/** Compose puts in the value after `:-` if the variable is not set. */
const withDefaults = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1')

const environmentOf = (service: string): Record<string, string> => {
  const { services } = parse(withDefaults(readFileSync(at('compose.yaml'), 'utf8')), { merge: true }) as {
    services: Record<string, { environment: Record<string, string> }>
  }
  const entries = Object.entries(services[service]?.environment ?? {})
  return Object.fromEntries(entries.filter(([name]) => !OF_THE_NETWORK.includes(name)))
}

test('the orchestrator and the worker of the compose file finish a job with each other', async () => {
  const prepared = await prepare()
  if (typeof prepared === 'string') return expect(mayNotSkip()).toBe(false)
  const orchestrator = await startProduction({ ...prepared, env: environmentOf('orchestrator') })
  const worker = new Child(process.execPath, [at('worker.js')], {
    env: {
      ...process.env,
      ...environmentOf('worker-1'),
      ORCHESTRATOR_URL: orchestrator.url,
      WORKER_STATE_DIR: temporaryFolder(),
      WORKER_PORT: '0',
    },
  })
  onTestFinished(() => worker.end())
  await waitForWorker(orchestrator, 'resizer-1')
  const client = new JobClient({ url: orchestrator.url, token: CLIENT_TOKEN })
  onTestFinished(() => client.close())
  const params = { source: 'cat.jpg', fitInto: 320 }
  const job = await client.wait(await client.create('resize', params))
  expect(job).toMatchObject({ outcome: 'finished', result: params })
})

import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { isDone } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { wireOf } from '../support/interop/wire-of.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

/** What each generation keeps of one and the same worker. */
const RECORD = {
  classic: {
    supported_tasks: ['paint', 'frame'],
    max_concurrent_tasks: 7,
    cost_per_skill: { paint: 0.5 },
    installed_models: [{ name: 'm1', version: '1' }],
    hostname: hostname(),
    ip_address: expect.any(String),
    resources: { cpu_cores: 3, gpu_info: { model: 'RTX 4090', vram_gb: 24 } },
    capabilities: { websockets: true },
    hot_cache: [],
  },
  rxon: {
    supported_skills: [
      { name: 'paint', type: 'paint' },
      { name: 'frame', type: 'frame' },
    ],
    available_skills: ['paint', 'frame'],
    installed_artifacts: [{ name: 'm1', version: '1' }],
    resources: {
      properties: { cpu_cores: 3 },
      devices: [{ type: 'gpu', model: 'RTX 4090', properties: { memory_gb: 24 } }],
    },
    capabilities: {
      hostname: hostname(),
      ip_address: expect.any(String),
      cost_per_skill: { paint: 0.5 },
      websockets: true,
    },
  },
} as const

const REFUSED = { classic: 401, rxon: 403 } as const

forEachOrchestrator(
  'registration',
  { individualTokens: { own: 'its-own' } },
  (running) => {
    const record = async (id: string) =>
      (await running().client.workers()).find((worker) => worker.worker_id === id)

    test('the record has what the worker is and what it can take', async () => {
      const worker = workerFor(running(), {
        id: 'recorded',
        workerType: 'painter',
        maxConcurrentTasks: 7,
        variables: {
          COST_PER_SKILL: { paint: 0.5 },
          INSTALLED_MODELS: [{ name: 'm1', version: '1' }],
          INSTALLED_SOFTWARE: { node: '20' },
          CPU_CORES: 3,
          GPU_MODEL: 'RTX 4090',
          GPU_VRAM_GB: 24,
          WORKER_ENABLE_WEBSOCKETS: true,
        },
      })
      worker.task('paint', () => ({})).task('frame', () => ({}))
      await startedFor(running(), worker, 'paint')
      expect(await record('recorded')).toMatchObject({
        worker_id: 'recorded',
        worker_type: 'painter',
        load: 0,
        status: 'idle',
        installed_software: { node: '20' },
        ...RECORD[running().generation],
      })
    })

    test('skills turn hot when all of their models are loaded', async () => {
      const worker = workerFor(running(), { id: 'hot', skillDependencies: { paint: ['m1', 'm2'] } })
      worker.task('paint', () => ({}))
      worker.addToHotCache('m1')
      await startedFor(running(), worker, 'paint')
      // Only the first generation is told of the models themselves.
      const told = (...models: string[]) =>
        running().generation === 'classic'
          ? { hot_cache: models, skill_dependencies: { paint: ['m1', 'm2'] } }
          : {}
      const before = await record('hot')
      expect(before).toMatchObject(told('m1'))
      expect(before?.['hot_skills']).toEqual(running().generation === 'classic' ? undefined : [])
      worker.addToHotCache('m2')
      await running().client.waitForWorker(
        'hot',
        (now) => JSON.stringify(now?.['hot_skills']) === '["paint"]',
      )
      expect(await record('hot')).toMatchObject(told('m1', 'm2'))
    })

    test('a worker with a token of its own is let in with that one only', async () => {
      const variables = { WORKER_INDIVIDUAL_TOKEN: 'its-own' }
      const worker = workerFor(running(), { id: 'own', variables })
      worker.task('own', () => ({ data: { ok: true } }))
      await startedFor(running(), worker, 'own')
      const id = await dispatch(running(), { type: 'own' })
      await running().client.waitForJob(id, isDone)
    })

    test('the common token is refused where a worker has its own', async () => {
      const { status, body } = await wireOf(running(), 'own').register(['echo'])
      expect(body).toEqual({ error: 'Unauthorized: Invalid individual worker token' })
      expect(status).toBe(REFUSED[running().generation])
      expect((await wireOf(running(), 'own', 'its-own').register(['echo'])).status).toBe(200)
    })
  },
  ['classic', 'rxon'],
)

import type { Worker } from 'avtomatika-worker'
import { expect, test } from 'vitest'
import { isDone } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

/** The embedded orchestrator dispatches by name alone. */
const choosesBySkill = (name: string) => name.startsWith('1.0b30')

forEachOrchestrator(
  'skills',
  {},
  (running, name) => {
    const run = async (...args: [Parameters<typeof dispatch>[1]]) => {
      const id = await dispatch(running(), ...args)
      return running().client.waitForJob(id, isDone)
    }

    test('§2.4.2 the record has the type and the properties of each skill', async () => {
      const worker = workerFor(running(), { id: 'typed' })
      worker
        .task(
          'render',
          { taskType: 'video', properties: { lang: 'en', deep: { levels: [1, 2] } } },
          () => ({}),
        )
        .task('plain', { properties: {} }, () => ({}))
      await startedFor(running(), worker, 'render')
      const record = (await running().client.workers()).find(({ worker_id: id }) => id === 'typed')
      const { supported_skills: skills } = record ?? {}
      expect(skills?.find((skill) => skill.name === 'render')).toMatchObject({
        type: 'video',
        properties: { lang: 'en', deep: { levels: [1, 2] } },
      })
      expect(skills?.find((skill) => skill.name === 'plain')).toMatchObject({ type: 'plain' })
      expect(await run({ type: 'plain' })).toMatchObject({ status: 'finished' })
    })

    test.runIf(choosesBySkill(name))(
      '§2.4.2 a blueprint chooses the worker by the type of the skill',
      async () => {
        const [left, right] = ['video', 'audio'].map((taskType) =>
          workerFor(running(), { id: `of-type-${taskType}` }).task('encode', { taskType }, () => ({
            data: { by: taskType },
          })),
        )
        for (const worker of [left, right]) if (worker) await startedFor(running(), worker, 'encode')
        for (const skillType of ['video', 'audio', 'video']) {
          const job = await run({ type: 'encode', skillType })
          expect(job.task_worker_id).toBe(`of-type-${skillType}`)
        }
        await expect(dispatch(running(), { type: 'encode', skillType: 'print' })).rejects.toThrow(
          'no idle worker',
        )
      },
    )

    test.runIf(choosesBySkill(name))(
      '§2.4.2 a blueprint chooses the worker by a property of the skill',
      async () => {
        const [english, german] = ['en', 'de'].map((lang) =>
          workerFor(running(), { id: `speaks-${lang}` }).task(
            'translate',
            { properties: { lang } },
            () => ({}),
          ),
        )
        for (const worker of [english, german]) if (worker) await startedFor(running(), worker, 'translate')
        for (const lang of ['de', 'en', 'de']) {
          const job = await run({ type: 'translate', requirements: { skill: { lang } } })
          expect(job.task_worker_id).toBe(`speaks-${lang}`)
        }
        const wanted = { type: 'translate', requirements: { skill: { lang: 'fr' } } }
        await expect(dispatch(running(), wanted)).rejects.toThrow('no idle worker')
      },
    )

    test('§1.3.5 ten jobs of a skill that is hot by its own name go to the hot worker', async () => {
      const [cold, hot] = ['cold', 'hot'].map((id) =>
        workerFor(running(), { id: `${id}-one` }).task('sketch', () => ({ data: { by: id } })),
      )
      if (!cold || !hot) throw new Error('two workers are needed')
      await startedFor(running(), cold, 'sketch')
      await startedFor(running(), hot, 'sketch')
      hot.addToHotCache('sketch')
      expect([hot.hotCache, hot.hotSkills, cold.hotSkills]).toEqual([['sketch'], ['sketch'], []])
      await running().client.waitForWorker(hot.id, (record) =>
        JSON.stringify(record?.['hot_skills'] ?? record?.['hot_cache']).includes('sketch'),
      )
      const takers = new Set<string | undefined>()
      for (let n = 0; n < 10; n++) {
        const job = await run({ type: 'sketch', params: { n } })
        takers.add(job.task_worker_id ?? String(Object.values(job.state_history).map(byOf)))
      }
      expect([...takers]).toEqual([expect.stringContaining('hot')])
    })

    test.runIf(choosesBySkill(name))(
      '§3.1.24 a skill that is not hot any more is no reason to prefer its worker',
      async () => {
        const [cheap, dear] = (['cheap', 'dear'] as const).map((id) =>
          workerFor(running(), {
            id: `${id}-one`,
            variables: { COST_PER_SKILL: { trace: id === 'cheap' ? 1 : 2 } },
          }).task('trace', () => ({ data: { by: id } })),
        )
        if (!cheap || !dear) throw new Error('two workers are needed')
        for (const worker of [cheap, dear]) await startedFor(running(), worker, 'trace')
        const taker = async () => (await run({ type: 'trace' })).task_worker_id
        // The orchestrator keeps what it knows of a worker for two seconds.
        const goesTo = (worker: Worker) =>
          eventually(`a job goes to ${worker.id}`, async () => (await taker()) === worker.id, {
            deadlineMs: 20_000,
          })
        await goesTo(cheap)
        dear.addToHotCache('trace')
        await goesTo(dear)
        dear.removeFromHotCache('trace')
        await goesTo(cheap)
      },
    )
  },
  ['rxon'],
)

const byOf = (data: unknown): unknown => (data as { by?: string })?.by

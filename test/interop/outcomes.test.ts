import {
  type Handler,
  InvalidInputError,
  invalidInputFailure,
  PermanentError,
  permanentFailure,
  TransientError,
  transientFailure,
} from 'avtomatika-worker'
import { beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { isDone, type JobState } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { EVERYWHERE, forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { wireOf } from '../support/interop/wire-of.js'
import { wordingsOf } from '../support/interop/wordings.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

forEachOrchestrator(
  'outcomes',
  { maxRetries: 2 },
  (running) => {
    let name = ''
    let tests = 0
    beforeEach(() => {
      name = `outcome-${++tests}`
    })

    const run = async (handler: Handler, params: Record<string, unknown> = {}) => {
      const worker = workerFor(running(), { id: name })
      worker.task(name, handler)
      await startedFor(running(), worker, name)
      return dispatch(running(), { type: name, params })
    }
    const end = (id: string, hope: (job: JobState) => boolean) => running().client.waitForJob(id, hope)
    const ends = (status: string) => (job: JobState) => job.status === status

    test('a task runs with its params, and its data is merged into the job', async () => {
      const id = await run(
        (params) => ({ status: 'success', data: { twice: params['x'] * 2, text: 'Grüße 🎨' } }),
        { x: 21 },
      )
      expect((await end(id, isDone)).state_history).toEqual({ twice: 42, text: 'Grüße 🎨' })
    })

    test('data of half a megabyte arrives whole', async () => {
      const id = await run(() => ({ text: 'x'.repeat(500_000) }))
      expect((await end(id, isDone)).state_history['text']).toHaveLength(500_000)
    })

    test('a status of its own follows its transition', async () => {
      const id = await run(() => ({ status: 'needs_manual_review', data: { reason: 'blurred' } }))
      const job = await end(id, (now) => now.current_state === 'review')
      expect(job.state_history).toEqual({ reason: 'blurred' })
    })

    test('a status that the blueprint does not know fails the job', async () => {
      const id = await run(() => ({ status: 'unheard_of' }))
      await end(id, ends('failed'))
    })

    test.each([
      ['returned', () => transientFailure('the API is down')],
      [
        'thrown',
        () => {
          throw new TransientError('the API is down')
        },
      ],
      [
        'thrown as any error',
        () => {
          throw new TypeError('the API is down')
        },
      ],
    ])('a transient failure, %s, is tried again until it succeeds', async (_, fail) => {
      let tries = 0
      const id = await run(() => (++tries < 3 ? fail() : { data: { tries } }))
      const job = await end(id, isDone)
      expect(job.state_history).toEqual({ tries: 3 })
      expect(job.retry_count).toBe(2)
    })

    test('a task that never succeeds is tried as often as the orchestrator allows, then quarantined', async () => {
      let tries = 0
      const id = await run(() => {
        throw new TransientError(`no luck ${++tries}`)
      })
      const job = await end(id, ends('quarantined'))
      expect(tries).toBe(3)
      expect(job.retry_count).toBe(2)
      expect(job.error_message).toBe(wordingsOf(running()).exhausted(job, 3, 'no luck 3'))
    })

    test.each([
      ['returned', () => permanentFailure('corrupt')],
      [
        'thrown',
        () => {
          throw new PermanentError('corrupt')
        },
      ],
    ])('a permanent failure, %s, quarantines the job at once', async (_, fail) => {
      let tries = 0
      const id = await run(() => {
        tries++
        return fail()
      })
      const job = await end(id, ends('quarantined'))
      expect(job.error_message).toBe(wordingsOf(running()).permanent('corrupt'))
      expect(tries).toBe(1)
    })

    test.each([
      ['returned', () => invalidInputFailure('no width')],
      [
        'thrown',
        () => {
          throw new InvalidInputError('no width')
        },
      ],
    ])('invalid input, %s, fails the job', async (_, fail) => {
      const id = await run(() => fail())
      expect((await end(id, ends('failed'))).error_message).toBe('Task failed due to invalid input: no width')
    })

    test('what cannot be JSON quarantines the job and names the place', async () => {
      const id = await run(() => ({ data: { deep: { big: 1n } } }))
      expect((await end(id, ends('quarantined'))).error_message).toContain('deep.big')
    })

    test('params are checked with a schema, and the handler gets what it makes of them', async () => {
      const params = z.object({ width: z.coerce.number().positive(), mode: z.string().default('fit') })
      const worker = workerFor(running(), { id: name })
      worker.task(name, { params }, ({ width, mode }) => ({ data: { width: width + 1, mode } }))
      await startedFor(running(), worker, name)
      const good = await dispatch(running(), { type: name, params: { width: '4' } })
      expect((await end(good, isDone)).state_history).toEqual({ width: 5, mode: 'fit' })
      const bad = await dispatch(running(), { type: name, params: { width: -1 } })
      const { error_message } = await end(bad, ends('failed'))
      expect(error_message).toContain('Task failed due to invalid input')
      expect(error_message).toContain('width')
    })

    test('a task name that no worker has cannot be dispatched', async () => {
      await expect(dispatch(running(), { type: 'nobody-has-it' })).rejects.toThrow('no idle worker')
    })

    test('a task name that the worker does not know is answered with a permanent error', async () => {
      const worker = workerFor(running(), { id: name })
      worker.task(name, () => ({}))
      await startedFor(running(), worker, name)
      await wireOf(running(), worker.id).register([`${name}-unknown`])
      const id = await dispatch(running(), { type: `${name}-unknown` })
      expect((await end(id, ends('quarantined'))).error_message).toContain(`${name}-unknown`)
    })
  },
  EVERYWHERE,
)

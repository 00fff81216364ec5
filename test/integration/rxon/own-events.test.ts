import { describe, expect, test } from 'vitest'
import { setup, task } from './setup.js'

const ACCEPTED = { body: { status: 'event_accepted' } }

describe('an event of the worker itself', () => {
  test('§2.7.4 is sent as soon as the orchestrator knows the worker, and names no task', async () => {
    const { orchestrator, worker } = await setup()
    orchestrator.answers('other', ACCEPTED)
    await worker.start()
    worker.emit('model_loaded', { model: 'm' }, { priority: 5, metadata: { gpu: 0 } })
    const registered = await orchestrator.next('registration')
    const { body, path } = await orchestrator.next('other')
    expect(registered.path).toContain('register')
    expect(path).toBe('/_worker/events')
    expect(body).toMatchObject({
      event_type: 'model_loaded',
      payload: { model: 'm' },
      priority: 5,
      metadata: { gpu: 0 },
      worker_id: 'w1',
    })
    for (const name of ['target_job_id', 'target_task_id', 'origin_task_id'])
      expect(body).not.toHaveProperty(name)
  })

  test('follows at once later on, in order', async () => {
    const { orchestrator, worker } = await setup()
    orchestrator.answers('other', ACCEPTED)
    worker.task('load', () => {
      worker.emit('first')
      worker.emit('second')
    })
    await worker.start()
    orchestrator.endPoll(task({ type: 'load' }))
    const sent = [await orchestrator.next('other'), await orchestrator.next('other')]
    expect(sent.map(({ body }) => [body.event_type, body.payload, body.priority])).toEqual([
      ['first', {}, 0],
      ['second', {}, 0],
    ])
  })

  test('before the start and after the stop is logged and not sent', async () => {
    const { worker, logged } = await setup()
    worker.emit('early')
    await worker.stop()
    worker.emit('late')
    expect(logged('warn').map(({ event, state, msg }) => [event, state, msg])).toEqual([
      ['early', 'created', 'Event not sent: the worker does not run'],
      ['late', 'stopped', 'Event not sent: the worker does not run'],
    ])
  })

  const wrong: [string, [string, object?, object?], RegExp][] = [
    ['whose name is illegal', ['model loaded'], /^Invalid event name/],
    ['whose payload is an array', ['list', [1]], /is not an object/],
    ['whose payload is no JSON', ['bytes', { b: Buffer.from('x') }], /payload\.b is a Buffer/],
    ['whose priority is no number', ['urgent', {}, { priority: 'high' }], /^Priority of event "urgent"/],
    ['whose metadata are no JSON', ['odd', {}, { metadata: { at: new Map() } }], /metadata\.at is a Map/],
  ]

  test.each(wrong)('%s is logged and not sent', async (_, given, message) => {
    const { orchestrator, worker, logged } = await setup()
    await worker.start()
    worker.emit(...(given as [string]))
    await orchestrator.next('registration')
    expect(logged('error')).toEqual([
      expect.objectContaining({
        event: given[0],
        err: expect.objectContaining({ message: expect.stringMatching(message) }),
      }),
    ])
  })

  test.each(wrong)('%s throws with STRICT_EVENT_VALIDATION=throw', async (_, given, message) => {
    const { worker } = await setup({ STRICT_EVENT_VALIDATION: 'throw' })
    expect(() => worker.emit(...(given as [string]))).toThrow(message)
  })
})

describe('an event of a task that does not fit', () => {
  const tell = async (variables: Record<string, unknown>) => {
    const made = await setup(variables)
    made.orchestrator.answers('other', ACCEPTED)
    const events = {
      level: { type: 'object', properties: { level: { type: 'integer' } }, required: ['level'] },
    }
    made.worker.task('tell', { events }, (_, { emit }) => {
      emit('level', { level: 'critical' })
      emit('other', { x: 1 })
      emit('level', { level: 3, at: undefined })
      return { done: true }
    })
    await made.worker.start()
    made.orchestrator.endPoll(task({ type: 'tell' }))
    const { body } = await made.orchestrator.answered('result')
    const sent = made.orchestrator.calls('other').filter(({ path }) => path.endsWith('/events'))
    return { ...made, result: body, sent: sent.map((each) => [each.body.event_type, each.body.payload]) }
  }

  test('is logged and not sent, and the task goes on', async () => {
    const { result, sent, logged } = await tell({})
    expect(result).toMatchObject({ status: 'success', data: { done: true } })
    expect(sent).toEqual([['level', { level: 3 }]])
    expect(logged('error').map(({ event, err }) => [event, err?.message])).toEqual([
      ['level', expect.stringContaining('level: ')],
      ['other', expect.stringContaining('not declared')],
    ])
  })

  test('but is only undeclared is sent with STRICT_EVENT_VALIDATION=false', async () => {
    const { sent } = await tell({ STRICT_EVENT_VALIDATION: false })
    expect(sent).toEqual([
      ['other', { x: 1 }],
      ['level', { level: 3 }],
    ])
  })

  test('fails the task with STRICT_EVENT_VALIDATION=throw', async () => {
    const { result, sent } = await tell({ STRICT_EVENT_VALIDATION: 'throw' })
    expect(result).toMatchObject({
      status: 'failure',
      error: { message: expect.stringContaining('"level"') },
    })
    expect(sent).toEqual([])
  })
})

import { defineTask, Worker } from 'avtomatika-worker'
import { describe, expect, test, vi } from 'vitest'
import { GENERATIONS } from '../../support/generations.js'
import { WaitingRoom } from '../../support/interop/waiting-room.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const setup = async (options: object = {}, variables: object = {}) => {
    const orchestrator = await RawOrchestrator.start()
    const made = testWorker({
      url: orchestrator.url,
      ...options,
      variables: { ORCHESTRATOR_PROTOCOL: generation, HEARTBEAT_INTERVAL: 0.05, ...variables },
    })
    return { orchestrator, ...made }
  }

  const namesIn = (body: { supported_tasks?: string[]; supported_skills?: { name: string }[] }) =>
    body.supported_tasks ?? body.supported_skills?.map(({ name }) => name)

  const takesNothing = generation === 'classic' ? 'busy' : 'offline'

  const resultOf = async (orchestrator: RawOrchestrator, taskId: string) =>
    (await orchestrator.next('result', ({ body }) => body.task_id === taskId)).body

  test('§2.4.14 tasks that are added to a running worker are registered at once, and run', async () => {
    const { orchestrator, worker } = await setup()
    worker.task('first', () => ({}))
    await worker.start()
    expect(namesIn((await orchestrator.answered('registration')).body)).toEqual(['first'])
    worker
      .task('second', () => ({ data: { n: 2 } }))
      .add(defineTask({ name: 'third', run: () => ({ data: { n: 3 } }) }))
    expect(namesIn((await orchestrator.next('registration')).body)).toEqual(['first', 'second', 'third'])
    orchestrator.offer('third', {}, 't3')
    expect(await resultOf(orchestrator, 't3')).toBeDefined()
    expect(orchestrator.calls('registration')).toHaveLength(2)
  })

  test('§2.4.14 a task that is added while a registration is under way is not forgotten', async () => {
    const { orchestrator, worker } = await setup()
    worker.task('first', () => ({}))
    let isFirst = true
    orchestrator.answers('registration', async () => {
      if (isFirst) {
        isFirst = false
        worker.task('meanwhile', () => ({}))
      }
      return { body: { status: 'registered' } }
    })
    await worker.start()
    await orchestrator.next('registration')
    expect(namesIn((await orchestrator.next('registration')).body)).toEqual(['first', 'meanwhile'])
  })

  test('a handler may add a task; its own task goes on', async () => {
    const { orchestrator, worker } = await setup()
    worker.task('plant', () => {
      worker.task('grown', () => ({ data: { ok: true } }))
    })
    await worker.start()
    orchestrator.offer('plant', {}, 't1')
    await resultOf(orchestrator, 't1')
    orchestrator.offer('grown', {}, 't2')
    expect(await resultOf(orchestrator, 't2')).toBeDefined()
  })

  test('paused, a worker starts nothing, says so and polls nobody; resumed, it goes on', async () => {
    const { orchestrator, worker } = await setup()
    const room = new WaitingRoom()
    worker.task('work', room.handler)
    await worker.start()
    orchestrator.offer('work', { n: 1 }, 't1')
    await room.untilEntered(1)
    await vi.waitFor(() => expect(orchestrator.openPolls).toBeGreaterThan(0))
    worker.pause()
    // A poll that was sent before the pause may still be on its way.
    const open = worker.snapshot().orchestrators[0]?.openPolls
    await vi.waitFor(() => expect(orchestrator.openPolls).toBe(open))
    const polls = orchestrator.calls('poll').length
    await orchestrator.next('heartbeat', ({ body }) => body.status === takesNothing)
    expect(worker.readiness).toEqual({ ready: false, reason: 'the worker is paused' })
    // An open poll may still bring a task: it waits.
    orchestrator.offer('work', { n: 2 }, 't2')
    room.letOneOut()
    await resultOf(orchestrator, 't1')
    await orchestrator.next('heartbeat')
    expect(room.entered).toEqual([1])
    expect(orchestrator.calls('poll')).toHaveLength(polls)
    worker.resume()
    await room.untilEntered(2)
    room.open()
    await resultOf(orchestrator, 't2')
    await orchestrator.next('heartbeat', ({ body }) => body.status === 'idle')
    await vi.waitFor(() => expect(worker.readiness).toEqual({ ready: true }))
    orchestrator.offer('work', { n: 3 }, 't3')
    await resultOf(orchestrator, 't3')
  })

  test('a pause of one type stops its tasks only, and their names are not offered', async () => {
    const { orchestrator, worker } = await setup()
    const ran: string[] = []
    const note = (_params: unknown, { taskId }: { taskId: string }) => void ran.push(taskId)
    worker.task('upscale', { taskType: 'gpu' }, note).task('plain', note)
    await worker.start()
    await orchestrator.answered('registration')
    worker.pause('gpu')
    expect(namesIn((await orchestrator.next('registration')).body)).toEqual(['plain'])
    orchestrator.offer('upscale', {}, 'held')
    orchestrator.offer('plain', {}, 'other')
    await resultOf(orchestrator, 'other')
    expect(ran).toEqual(['other'])
    worker.resume('gpu')
    await resultOf(orchestrator, 'held')
    expect(namesIn((await orchestrator.next('registration')).body)).toEqual(['upscale', 'plain'])
    expect(ran).toEqual(['other', 'held'])
  })

  test('a task that waits for the end of a pause is handed back when the worker stops', async () => {
    const { orchestrator, worker } = await setup()
    worker.task('work', () => ({}))
    await worker.start()
    await vi.waitFor(() => expect(orchestrator.openPolls).toBeGreaterThan(0))
    worker.pause()
    orchestrator.offer('work', {}, 'waits')
    await orchestrator.next('heartbeat', ({ body }) => body.load === 1)
    void worker.stop({ pollGraceMs: 0 })
    const body = await resultOf(orchestrator, 'waits')
    expect(body.error ?? body.result.error).toMatchObject({ code: 'TRANSIENT_ERROR' })
  })

  test('1 → 50 → 1 under load: nothing is lost, and no limit is exceeded', async () => {
    const { orchestrator, worker } = await setup({ maxConcurrentTasks: 1 })
    const room = new WaitingRoom()
    let inside = 0
    let most = 0
    worker.task('work', async (params) => {
      most = Math.max(most, ++inside)
      await room.handler(params)
      await new Promise(setImmediate)
      inside--
    })
    await worker.start()
    const sent = Array.from({ length: 120 }, (_, n) => orchestrator.offer('work', { n }, `t${n}`))
    await room.untilEntered(1)
    await orchestrator.fence()
    expect(most).toBe(1)
    worker.setLimits({ maxConcurrentTasks: 50 })
    await room.untilEntered(50)
    await orchestrator.fence()
    expect(most).toBe(50)
    worker.setLimits({ maxConcurrentTasks: 1 })
    for (let left = 50; left > 1; left--) room.letOneOut()
    await vi.waitFor(() => expect(inside).toBe(1))
    most = 0
    room.open()
    const done: string[] = []
    while (done.length < 120) done.push((await orchestrator.next('result')).body.task_id)
    expect(done.sort()).toEqual(sent.sort())
    expect(most).toBe(1)
  })

  test('the capacity is reported', async () => {
    const { orchestrator, worker } = await setup({ maxConcurrentTasks: 1 })
    const room = new WaitingRoom()
    worker.task('work', room.handler)
    await worker.start()
    await orchestrator.answered('registration')
    orchestrator.offer('work', { n: 1 }, 't1')
    const names = ({ body }: { body: { supported_tasks?: string[]; available_skills?: string[] } }) =>
      body.supported_tasks ?? body.available_skills
    await orchestrator.next('heartbeat', (call) => names(call)?.length === 0)
    worker.setLimits({ maxConcurrentTasks: 2 })
    await orchestrator.next('heartbeat', (call) => names(call)?.length === 1)
    if (generation === 'classic')
      expect((await orchestrator.next('registration')).body.max_concurrent_tasks).toBe(2)
    room.open()
    await resultOf(orchestrator, 't1')
  })

  test('limits by type can be changed, too', async () => {
    const { orchestrator, worker } = await setup({ taskTypeLimits: { gpu: 1 } })
    const room = new WaitingRoom()
    worker.task('draw', { taskType: 'gpu' }, room.handler)
    await worker.start()
    for (let n = 0; n < 5; n++) orchestrator.offer('draw', { n }, `t${n}`)
    await room.untilEntered(1)
    worker.setLimits({ taskTypeLimits: { gpu: 3 } })
    await room.untilEntered(3)
    await orchestrator.fence()
    expect(room.peak).toBe(3)
    worker.setLimits({ taskTypeLimits: {} })
    await room.untilEntered(5)
    room.open()
    for (let n = 0; n < 5; n++) await orchestrator.next('result')
  })

  test('while capacityChecker says no, nothing is polled and the worker says so; it is asked again', async () => {
    let free = new Set<string>()
    const { orchestrator, worker } = await setup({ capacityChecker: (name: string) => free.has(name) })
    worker.task('big', () => ({})).task('small', () => ({}))
    await worker.start()
    await orchestrator.next('heartbeat', ({ body }) => body.status === takesNothing)
    expect(orchestrator.calls('poll')).toEqual([])
    expect(worker.readiness).toMatchObject({ ready: false, reason: 'capacityChecker allows no task' })
    free = new Set(['small'])
    await orchestrator.next('poll')
    const { body } = await orchestrator.next('heartbeat', (call) => call.body.status === 'idle')
    expect(body.available_skills ?? body.supported_tasks).toEqual(['small'])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('nvml is gone')
      },
      'nvml is gone',
    ],
    ['is async', async () => true, 'not a promise'],
    ['returns a number', () => 1, 'not a number'],
  ])(
    'a capacityChecker that %s has no capacity, and is told to the log once',
    async (_, checker, message) => {
      const { orchestrator, worker, said, logged } = await setup({ capacityChecker: checker })
      worker.task('big', () => ({}))
      await worker.start()
      const line = await said('capacityChecker failed')
      expect([line['taskName'], line.err?.message]).toEqual(['big', expect.stringContaining(message)])
      await orchestrator.next('heartbeat', ({ body }) => body.status === takesNothing)
      await orchestrator.next('heartbeat')
      expect(logged('error')).toHaveLength(1)
    },
  )
})

const usages = (orchestrator: RawOrchestrator) =>
  orchestrator.calls('heartbeat').flatMap(({ body }) => body.usage ?? [])

test('§2.4.11 usageChecker replaces the figures of the machine', async () => {
  const orchestrator = await RawOrchestrator.start()
  let cpuPercent = 10
  const usageChecker = () => ({
    cpuPercent,
    ramUsedGb: 2,
    devices: [{ id: 'npu0', loadPercent: 5, metrics: { watts: 12 } }],
  })
  const variables = { ORCHESTRATOR_PROTOCOL: 'rxon', HEARTBEAT_INTERVAL: 0.05 } as const
  const { worker } = testWorker({ url: orchestrator.url, usageChecker, variables })
  worker.task('work', () => ({}))
  await worker.start()
  await vi.waitFor(() => expect(usages(orchestrator)).toHaveLength(1))
  cpuPercent = 90
  await vi.waitFor(() => expect(usages(orchestrator)).toHaveLength(2))
  const devices = [{ unit_id: 'npu0', load_percent: 5, metrics: { watts: 12 } }]
  expect(usages(orchestrator)).toEqual([
    { cpu_load_percent: 10, ram_used_gb: 2, devices_usage: devices },
    { cpu_load_percent: 90, ram_used_gb: 2, devices_usage: devices },
  ])
})

test.each([
  [
    'throws',
    () => {
      throw new Error('no sensor')
    },
    'no sensor',
  ],
  ['returns nothing', () => undefined, 'has to return'],
  ['returns NaN', () => ({ cpuPercent: Number.NaN, ramUsedGb: 1 }), 'has to return'],
  [
    'returns a device without an id',
    () => ({ cpuPercent: 1, ramUsedGb: 1, devices: [{ loadPercent: 1 }] }),
    'has to return',
  ],
])('§2.4.11 heartbeats go without usage if usageChecker %s', async (_, usageChecker, message) => {
  const orchestrator = await RawOrchestrator.start()
  const variables = { ORCHESTRATOR_PROTOCOL: 'rxon', HEARTBEAT_INTERVAL: 0.05 } as const
  const { worker, said, logged } = testWorker({
    url: orchestrator.url,
    usageChecker: usageChecker as never,
    variables,
  })
  worker.task('work', () => ({}))
  await worker.start()
  expect((await said('usageChecker failed')).err?.message).toContain(message)
  for (let n = 0; n < 3; n++) await orchestrator.next('heartbeat')
  expect(usages(orchestrator)).toEqual([])
  expect(logged('error')).toHaveLength(1)
})

describe('what makes no sense is refused where it is written', () => {
  test.each([
    [{ maxConcurrentTasks: 0 }, 'maxConcurrentTasks = 0: expected a whole number of at least 1'],
    [{ maxConcurrentTasks: '5' }, 'maxConcurrentTasks'],
    [{ taskTypeLimits: { gpu: 0 } }, 'taskTypeLimits.gpu = 0'],
    [
      { maxConcurentTasks: 5 },
      'maxConcurentTasks = (unknown): expected one of maxConcurrentTasks, taskTypeLimits',
    ],
    [7, 'limits = 7: expected an object'],
  ])('setLimits(%j)', (limits, message) => {
    expect(() => new Worker().setLimits(limits as never)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(message) }),
    )
  })

  test.each(['pause', 'resume'] as const)('%s of a type that no task has', (what) => {
    const worker = new Worker().task('draw', { taskType: 'gpu' }, () => ({})).task('echo', () => ({}))
    expect(() => worker[what]('gpus')).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_TASK_TYPE', message: expect.stringContaining('gpu, echo') }),
    )
  })

  test.each([undefined, {}, { name: 'x' }, { run: () => {} }])('defineTask(%j)', (spec) => {
    expect(() => defineTask(spec as never)).toThrow(expect.objectContaining({ code: 'TASK_SHAPE' }))
  })

  test('worker.add of what defineTask has not made', () => {
    const plain = { name: 'x', options: {}, run: () => {} }
    expect(() => new Worker().add(plain as never)).toThrow(expect.objectContaining({ code: 'TASK_SHAPE' }))
  })
})

import { describe, expect, it } from 'vitest'
import { DevClock } from '../../../src/dev/clock.js'
import { EventListeners } from '../../../src/dev/events.js'
import { completeRequest } from '../../../src/dev/job-request.js'
import { PollQueues } from '../../../src/dev/queue/poll-queues.js'
import { PriorityQueue } from '../../../src/dev/queue/priority-queue.js'
import { JobRunner } from '../../../src/dev/run/job-runner.js'
import { WaitingJobs } from '../../../src/dev/run/waiting-jobs.js'
import { newJob } from '../../../src/dev/state/job.js'
import { failed, progressed } from '../../../src/dev/state/job-moves.js'
import { JobStore } from '../../../src/dev/state/job-store.js'
import { weightOf } from '../../../src/dev/state/weight.js'
import { WorkerStore } from '../../../src/dev/state/worker-store.js'

const MIB = 1024 * 1024
const jobWith = (params: object) => newJob(completeRequest({ task: 'echo', params }, 1_000, Date.now()))
const big = () => jobWith({ text: 'x'.repeat(MIB) })

describe('the weight of a value', () => {
  it('grows with its text and with the number of its values', () => {
    expect(weightOf({ a: 'x'.repeat(MIB) })).toBeGreaterThan(2 * MIB)
    const objects = Array.from({ length: 10_000 }, () => ({}))
    expect(weightOf(objects)).toBeGreaterThan(60 * objects.length)
  })
})

describe('jobs', () => {
  it('that have ended are dropped above 256 MiB, the oldest first', () => {
    const store = new JobStore(new EventListeners())
    const ended = Array.from({ length: 150 }, () => store.save(failed(big(), 'm')))
    expect(store.list().length).toBe(127)
    expect(store.get(ended[0]?.id ?? '')).toBeUndefined()
    expect(store.get(ended.at(-1)?.id ?? '')).toBe(ended.at(-1))
    expect(store.isFull).toBe(false)
  })

  it('that are open count until they end', () => {
    const store = new JobStore(new EventListeners())
    const open = Array.from({ length: 127 }, () => store.save(big()))
    expect(store.isFull).toBe(false)
    open.push(store.save(big()))
    expect(store.isFull).toBe(true)
    for (const job of open) store.save(failed(job, 'm'))
    expect(store.isFull).toBe(false)
  })

  it('are full at 100,000 open ones', () => {
    const store = new JobStore(new EventListeners())
    const job = jobWith({})
    for (let n = 0; n < 99_999; n++) store.save({ ...job, id: `${n}` })
    expect(store.isFull).toBe(false)
    store.save(job)
    expect(store.isFull).toBe(true)
  })

  it('keep 1,000 characters of a message of progress', () => {
    const { progress } = progressed(jobWith({}), { fraction: 1, message: 'x'.repeat(MIB) })
    expect(progress?.message.length).toBe(1_000)
  })
})

const runner = () => {
  const listeners = new EventListeners()
  const [jobs, workers] = [new JobStore(listeners), new WorkerStore(60_000, listeners)]
  const queues = new PollQueues<object>()
  const settings = { secretKey: 'k', maxRetries: 0, waitForWorker: true }
  const state = { clock: new DevClock(), jobs, workers, queues }
  return { run: new JobRunner(settings, state, { send: () => false }), jobs, workers, queues }
}

describe('what a worker leaves behind', () => {
  it('are no offers of jobs that have ended', async () => {
    const { run, workers, queues } = runner()
    workers.register('w1', { supported_tasks: ['echo'] })
    const request = () => completeRequest({ task: 'echo' }, 1_000, Date.now())
    for (let n = 0; n < 9_999; n++) run.takeResult(run.create(request()).id, {})
    const last = run.create(request())
    expect(await queues.next('w1', 1)).toMatchObject({ job_id: last.id })
    expect(await queues.next('w1', 1)).toBeUndefined()
    run.close()
  })

  it('is no history that grows with each delivery of a result', () => {
    const { run, jobs, workers } = runner()
    workers.register('w1', { supported_tasks: ['echo'] })
    const { id } = run.create(completeRequest({ task: 'echo' }, 1_000, Date.now()))
    for (let n = 0; n < 20; n++) run.takeResult(id, { data: { [`x${n}`]: 'x'.repeat(MIB) } })
    expect(jobs.get(id)).toMatchObject({
      status: 'failed',
      errorMessage: 'The data of all results of this job is too large',
    })
    expect(Object.keys(jobs.get(id)?.history ?? {}).length).toBeLessThan(9)
    run.close()
  })
})

describe('waiting jobs', () => {
  it('that were cancelled are dropped', () => {
    const waiting = new WaitingJobs()
    const job = jobWith({})
    for (let n = 0; n < 10_000; n++) waiting.add({ ...job, id: `${n}` }, (id) => id === '7')
    expect([...waiting.take('echo')]).toEqual(['7', '9999'])
  })
})

describe('a priority queue', () => {
  it('keeps its order when values are dropped', () => {
    const queue = new PriorityQueue<number>()
    for (let n = 0; n < 100; n++) queue.push(n, (n * 7) % 10)
    queue.keep((n) => n % 2 === 0)
    const values = Array.from({ length: queue.size }, () => queue.pop() ?? -1)
    const sorted = [...values].sort((a, b) => ((b * 7) % 10) - ((a * 7) % 10) || a - b)
    expect(values).toEqual(sorted)
    expect(values.length).toBe(50)
  })
})

describe('held polls', () => {
  it('end at once above 10,000', async () => {
    const queues = new PollQueues<object>()
    const held = Array.from({ length: 10_000 }, (_, n) => queues.next(`w${n % 3}`, 60_000))
    expect(await queues.next('w1', 60_000)).toBeUndefined()
    queues.close()
    expect(new Set(await Promise.all(held))).toEqual(new Set([undefined]))
  })
})

describe('workers', () => {
  it('are forgotten above 10,000, the one first that was silent the longest', () => {
    const workers = new WorkerStore(60_000, new EventListeners())
    for (let n = 0; n < 10_000; n++) workers.register(`w${n}`, {})
    workers.touch('w0')
    workers.register('new', {})
    expect(workers.live().length).toBe(10_000)
    expect([workers.get('w0'), workers.get('new')]).not.toContain(undefined)
    expect(workers.get('w1')).toBeUndefined()
  })

  it('are forgotten above 128 MiB', () => {
    const workers = new WorkerStore(60_000, new EventListeners())
    for (let n = 0; n < 70; n++) workers.register(`w${n}`, { text: 'x'.repeat(MIB) })
    expect(workers.live().length).toBe(63)
  })

  it('have a record that starts anew when it grows too large', () => {
    const workers = new WorkerStore(60_000, new EventListeners())
    workers.register('w1', {})
    for (let n = 0; n < 40; n++) workers.update('w1', { [`x${n}`]: 'x'.repeat(MIB) })
    const names = Object.keys(workers.get('w1')?.record ?? {})
    expect(names).toContain('x39')
    expect(names.length).toBeLessThan(17)
  })
})

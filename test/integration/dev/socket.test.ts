import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { plainSocket, rawClient, rawWorker, roundTrip, start, WORKER_TOKEN } from './raw.js'

const inHand = async (more: object = {}) => {
  const orchestrator = await start()
  const worker = rawWorker(orchestrator)
  await worker.register(more)
  const { id } = await orchestrator.createJob({ task: 'echo' })
  const { body: offer } = await worker.poll()
  return { orchestrator, worker, id, offer }
}

describe('a wish to cancel', () => {
  it('goes down the socket, and the job ends when the worker says so', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    const socket = await worker.socket()
    const { status, body } = await rawClient(orchestrator).cancel(id)
    expect([status, body]).toEqual([200, { status: 'cancellation_request_sent' }])
    expect(await socket.next()).toEqual({ command: 'cancel_task', task_id: offer.task_id, job_id: id })
    expect(orchestrator.job(id)?.status).toBe('waiting_for_worker')
    await worker.result(offer, { status: 'cancelled' })
    expect(orchestrator.job(id)?.state).toBe('cancelled_state')
  })

  it('is only accepted without a socket', async () => {
    const { orchestrator, id } = await inHand()
    expect((await rawClient(orchestrator).cancel(id)).body).toEqual({
      status: 'cancellation_request_accepted',
    })
  })

  it('is only accepted when the worker did not say that it listens', async () => {
    const { orchestrator, worker, id } = await inHand({ capabilities: {} })
    await worker.socket()
    expect(await orchestrator.cancelJob(id)).toBe('cancellation_request_accepted')
  })

  it('is refused for a job that has ended or never was', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    await worker.result(offer, {})
    const client = rawClient(orchestrator)
    const ended = await client.cancel(id)
    const error = 'Job is not in a state that can be cancelled (must be waiting for a worker).'
    expect([ended.status, ended.body]).toEqual([409, { error }])
    const unknown = await client.cancel('none')
    expect([unknown.status, unknown.body]).toEqual([404, { error: 'Job not found' }])
    await expect(orchestrator.cancelJob(id)).rejects.toMatchObject({ code: 'STATE' })
    await expect(orchestrator.cancelJob('none')).rejects.toMatchObject({ code: 'STATE' })
  })
})

describe('the socket of a worker', () => {
  it('is closed with 1008 by a second one, which then gets the commands', async () => {
    const { orchestrator, worker, id } = await inHand()
    const first = await worker.socket()
    const second = await worker.socket()
    expect(await first.closed).toEqual({ code: 1008, reason: 'New connection established' })
    // Time for the orchestrator to see the end of the first.
    for (let n = 0; n < 10; n++) await roundTrip(orchestrator)
    expect(await orchestrator.cancelJob(id)).toBe('cancellation_request_sent')
    expect(await second.next()).toMatchObject({ command: 'cancel_task' })
  })

  it('is closed with 1001 when the orchestrator ends', async () => {
    const { orchestrator, worker } = await inHand()
    const socket = await worker.socket()
    await orchestrator.close()
    expect(await socket.closed).toEqual({ code: 1001, reason: 'Server shutdown' })
  })

  it.each([
    ['/_worker/ws/w1', {}, 'HTTP 401 {"error":"Missing X-Worker-Token header"}'],
    ['/_worker/ws/w1', { 'x-worker-token': 'no' }, 'HTTP 401 {"error":"Unauthorized: No valid token found"}'],
    ['/_worker/ws', { 'x-worker-token': WORKER_TOKEN }, 'HTTP 404 404: Not Found'],
    ['/elsewhere', {}, 'HTTP 404 404: Not Found'],
  ])('is not opened at %s with %j', async (path, headers, message) => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await expect(worker.socketAt(path, headers)).rejects.toThrow(message)
  })

  it('may be reset while it is refused', async () => {
    const orchestrator = await start()
    const lines = [
      'GET /_worker/ws/w1 HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ]
    for (let n = 0; n < 20; n++) {
      const socket = await plainSocket(orchestrator)
      await new Promise<void>(
        (resolve) => void socket.write(`${lines.join('\r\n')}\r\n\r\n`, () => resolve()),
      )
      socket.resetAndDestroy()
      await roundTrip(orchestrator)
    }
  })

  it('is not opened for a broken handshake, and the orchestrator goes on', async () => {
    const orchestrator = await start()
    const socket = await plainSocket(orchestrator)
    const lines = [
      'GET /_worker/ws/%E0%A4%A HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: h2c',
      `X-Worker-Token: ${WORKER_TOKEN}`,
    ]
    const answer = new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())))
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    expect(await answer).toMatch(/^HTTP\/1\.1 400 /)
    await roundTrip(orchestrator)
  })
})

describe('progress', () => {
  const update = (offer: { task_id: string; job_id: string }, more: object) =>
    JSON.stringify({
      event: 'progress_update',
      task_id: offer.task_id,
      job_id: offer.job_id,
      progress: 0.5,
      message: 'half',
      ...more,
    })

  it('is stored on the job and told', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    const { socket } = await worker.socket()
    const told = new Promise((resolve) => orchestrator.on('progress', resolve))
    socket.send(update(offer, {}))
    expect(await told).toEqual({
      jobId: id,
      taskId: offer.task_id,
      workerId: 'w1',
      fraction: 0.5,
      message: 'half',
    })
    expect(orchestrator.job(id)?.progress).toEqual({ fraction: 0.5, message: 'half' })
    expect((await rawClient(orchestrator).read(id)).body.progress).toEqual({ fraction: 0.5, message: 'half' })
  })

  it('that makes no sense is passed over', async () => {
    const { orchestrator, worker, offer } = await inHand()
    const { socket } = await worker.socket()
    const heard: number[] = []
    const last = new Promise<void>((resolve) =>
      orchestrator.on('progress', ({ fraction }) => {
        heard.push(fraction)
        if (fraction === 1) resolve()
      }),
    )
    socket.send('nonsense')
    socket.send('[]')
    socket.send(Buffer.from(update(offer, {})), { binary: true })
    socket.send(update(offer, { event: 'other' }))
    socket.send(update(offer, { progress: 'half' }))
    socket.send(update(offer, { task_id: 'another' }))
    socket.send(update(offer, { job_id: 'another' }))
    socket.send(update(offer, { progress: -3 }))
    socket.send(update(offer, { progress: 3 }))
    await last
    expect(heard).toEqual([0, 1])
  })
})

describe('an orchestrator that closes', () => {
  it('opens no more sockets, and comes to its end', async () => {
    const orchestrator = await start()
    const upgradeFor = (workerId: string) =>
      [
        `GET /_worker/ws/${workerId} HTTP/1.1`,
        `X-Worker-Token: ${WORKER_TOKEN}`,
        'Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade',
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
      ].join('\r\n')
    const [silent, late, slow] = [
      await plainSocket(orchestrator),
      await plainSocket(orchestrator),
      await plainSocket(orchestrator),
    ]
    // A socket that does not confirm its end, and a body that does not come, keep the server open for a while.
    silent.write(`${upgradeFor('w1')}\r\n`)
    await once(silent, 'data')
    slow.write('POST /_worker/tasks/result HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{')
    late.write(upgradeFor('w2'))
    await roundTrip(orchestrator)
    const closed = orchestrator.close()
    late.write('\r\n')
    const [answer] = await once(late, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 /)
    silent.destroy()
    await closed
  })
})

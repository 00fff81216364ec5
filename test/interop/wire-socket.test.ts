import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { isDispatched } from '../support/interop/client-api.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { wireWorker } from '../support/interop/wire-worker.js'

forEachOrchestrator('the socket', {}, (running) => {
  let workers = 0
  const newWorker = async () => {
    const id = `socket-${++workers}`
    const worker = wireWorker(running().url, running().workerToken, id)
    await worker.register([id])
    return worker
  }
  const dispatch = async (type: string) => {
    const id = await running().client.createJob({ type })
    return running().client.waitForJob(id, isDispatched)
  }
  const connect = (workerId: string, token = running().workerToken) => {
    const url = `${running().url.replace('http', 'ws')}/_worker/ws/${workerId}`
    const socket = new WebSocket(url, { headers: { 'X-Worker-Token': token } })
    onTestFinished(() => socket.terminate())
    return socket
  }
  const connected = async (workerId: string) => {
    const socket = connect(workerId)
    await once(socket, 'open')
    return socket
  }

  test('a cancelled job is told to its worker', async () => {
    const worker = await newWorker()
    const socket = await connected(worker.id)
    const job = await dispatch(worker.id)
    await worker.take()
    const command = once(socket, 'message')
    const answer = await running().client.cancel(job.id)
    expect(answer).toEqual({ status: 200, body: { status: 'cancellation_request_sent' } })
    expect(JSON.parse(String((await command)[0]))).toEqual({
      command: 'cancel_task',
      task_id: job.current_task_id,
      job_id: job.id,
    })
  })

  test('without a socket the request is only noted, and the job goes on waiting', async () => {
    const worker = await newWorker()
    const job = await dispatch(worker.id)
    const answer = await running().client.cancel(job.id)
    expect(answer).toEqual({ status: 200, body: { status: 'cancellation_request_accepted' } })
    expect((await running().client.job(job.id)).status).toBe('waiting_for_worker')
    expect((await worker.take()).job_id).toBe(job.id)
  })

  test('a job that waits for no worker cannot be cancelled', async () => {
    const worker = await newWorker()
    const job = await dispatch(worker.id)
    await worker.report(await worker.take(), { status: 'success' })
    expect((await running().client.cancel(job.id)).status).toBe(409)
    expect((await running().client.cancel('gone')).status).toBe(404)
  })

  test('progress and nonsense leave the socket open', async () => {
    const worker = await newWorker()
    const socket = await connected(worker.id)
    socket.send('nonsense')
    socket.send(
      JSON.stringify({ event: 'progress_update', task_id: 't', job_id: 'j', progress: 0.5, message: '' }),
    )
    socket.ping()
    await once(socket, 'pong')
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('a second connection of a worker closes its first', async () => {
    const worker = await newWorker()
    const first = await connected(worker.id)
    const closed = once(first, 'close')
    await connected(worker.id)
    expect((await closed)[0]).toBe(1008)
  })

  test('a wrong token is refused', async () => {
    const [error] = (await once(
      connect('socket-0', 'nonsense').on('open', () => {}),
      'error',
    )) as [Error]
    expect(error.message).toContain('401')
  })
})

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Job, startOrchestrator } from 'avtomatika-worker/dev'
import { describe, expect, it, vi } from 'vitest'
import { ConfigError } from '../../../src/errors.js'
import { compiledProgram } from '../../support/compiled-program.js'
import { abandonPoll, call, cleanUp, plainSocket, rawClient, rawWorker, roundTrip, start } from './raw.js'

/** As they were before anything was started. */
const GLOBALS = [globalThis.Request, globalThis.Response]

describe('starting', () => {
  it.each([['0.0.0.0'], ['::'], ['192.168.1.1'], ['localhost.example'], ['127.0.0.1.example']])(
    'refuses to listen on %s',
    async (host) => {
      await expect(startOrchestrator({ host })).rejects.toThrow(
        `host = ${host}: expected a loopback address, or allowRemote: true`,
      )
    },
  )

  it('listens elsewhere when it is told that this is meant', async () => {
    const orchestrator = await start({ host: '0.0.0.0', allowRemote: true })
    const { status } = await call(`http://127.0.0.1:${orchestrator.port}/_public/status`, 'GET')
    expect(status).toBe(200)
  })

  it('names everything that is wrong, and no token', async () => {
    const refused = startOrchestrator({ port: 70_000, pollHoldMs: 0, maxRetries: -1, clientToken: '' })
    const error = await refused.catch((reason) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.problems.map(({ name }: { name: string }) => name)).toEqual([
      'port',
      'clientToken',
      'maxRetries',
      'pollHoldMs',
    ])
  })

  it('says that a port is taken', async () => {
    const { port } = await start()
    await expect(startOrchestrator({ port })).rejects.toThrow(
      `port = ${port}: expected a free port on 127.0.0.1`,
    )
  })

  it('leaves the globals of the process alone', async () => {
    await start()
    expect([globalThis.Request, globalThis.Response]).toEqual(GLOBALS)
  })
})

describe('waiting for a worker', () => {
  it('ends when one registers, comes back from being busy, or is there already', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    const registered = orchestrator.waitForWorker()
    await worker.register({ status: 'busy' })
    const idle = orchestrator.waitForWorker('echo')
    await worker.heartbeat({ status: 'idle' })
    expect((await registered).workerId).toBe('w1')
    expect((await idle).workerId).toBe('w1')
    expect((await orchestrator.waitForWorker('echo')).workerId).toBe('w1')
  })

  it('ends with TIMEOUT, the reason of the signal, or the end of the orchestrator', async () => {
    const orchestrator = await start()
    await rawWorker(orchestrator).register()
    await expect(orchestrator.waitForWorker('other', { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: "Wait for an idle worker that offers 'other' ended without success after 5 ms",
    })
    const { signal } = new AbortController()
    const aborted = AbortSignal.abort('enough')
    await expect(orchestrator.waitForWorker('other', { signal: aborted })).rejects.toBe('enough')
    const later = new AbortController()
    const waiting = orchestrator.waitForWorker('other', { signal: later.signal })
    later.abort('later')
    await expect(waiting).rejects.toBe('later')
    const open = orchestrator.waitForWorker('other', { signal, timeoutMs: Number.POSITIVE_INFINITY })
    await Promise.all([expect(open).rejects.toMatchObject({ code: 'STATE' }), orchestrator.close()])
    const late = orchestrator.waitForWorker('other', { timeoutMs: 5 })
    await expect(late).rejects.toMatchObject({ code: 'STATE' })
  })
})

describe('a job', () => {
  it('is a snapshot: it does not change, and does not change with its params', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await worker.register()
    const params = { x: 1 }
    const job = await orchestrator.createJob({ task: 'echo', params })
    params.x = 2
    const { body: offer } = await worker.poll()
    expect(offer.params).toEqual({ x: 1 })
    await worker.result(offer, { data: { y: 1 } })
    expect(job).toMatchObject({ status: 'waiting_for_worker', state: 'start', history: {} })
    expect(orchestrator.job(job.id)).toMatchObject({ status: 'running', state: 'done', history: { y: 1 } })
  })

  it('is waited for until it ends', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await worker.register()
    const { id } = await orchestrator.createJob({ task: 'echo' })
    await expect(orchestrator.waitForJob(id, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    const ended = orchestrator.waitForJob(id)
    await worker.result((await worker.poll()).body, {})
    expect((await ended).state).toBe('done')
    expect((await orchestrator.waitForJob(id)).state).toBe('done')
    await expect(orchestrator.waitForJob('none')).rejects.toMatchObject({ code: 'STATE' })
  })

  it('that cannot be sent is refused', async () => {
    const orchestrator = await start()
    const loop: Record<string, unknown> = {}
    loop['loop'] = loop
    await expect(orchestrator.createJob({ task: 'echo', params: loop })).rejects.toBeInstanceOf(TypeError)
    await expect(orchestrator.createJob({ task: '' })).rejects.toBeInstanceOf(TypeError)
    expect(orchestrator.jobs()).toEqual([])
  })
})

describe('listeners', () => {
  it('hear of every change until they leave', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    const jobs: Job[] = []
    const workers: number[] = []
    const leave = orchestrator.on('job', (job) => jobs.push(job))
    orchestrator.on('worker', ({ load }) => workers.push(load))
    await worker.register()
    await worker.heartbeat({ load: 3 })
    await orchestrator.createJob({ task: 'echo' })
    await worker.result((await worker.poll()).body, {})
    leave()
    await orchestrator.createJob({ task: 'echo' })
    expect(jobs.map(({ status, state }) => [status, state])).toEqual([
      ['waiting_for_worker', 'start'],
      ['running', 'done'],
    ])
    expect(workers).toEqual([0, 3])
  })

  it('that throw harm nobody', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    cleanUp(() => warn.mockRestore())
    const orchestrator = await start()
    orchestrator.on('worker', () => {
      throw new Error('a bug')
    })
    const heard = vi.fn()
    orchestrator.on('worker', heard)
    expect((await rawWorker(orchestrator).register()).status).toBe(200)
    expect(heard).toHaveBeenCalledOnce()
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('a bug'))
  })
})

describe('closing', () => {
  it('answers held polls, closes sockets and silent connections, and takes nothing more', async () => {
    const orchestrator = await startOrchestrator()
    const worker = rawWorker(orchestrator)
    await worker.register()
    const socket = await worker.socket()
    await orchestrator.createJob({ task: 'echo' })
    await worker.poll()
    await abandonPoll(orchestrator)
    const held = worker.poll()
    const silent = await plainSocket(orchestrator)
    const silentEnded = new Promise((resolve) => silent.once('close', resolve))
    await roundTrip(orchestrator)
    await Promise.all([orchestrator.close(), orchestrator.close()])
    expect((await held).status).toBe(204)
    await Promise.all([socket.closed, silentEnded])
    await expect(call(`${orchestrator.url}/_public/status`, 'GET')).rejects.toThrow('ECONNREFUSED')
    await expect(orchestrator.createJob({ task: 'echo' })).rejects.toMatchObject({ code: 'STATE' })
  })

  it('leaves nothing that would keep the process alive', async () => {
    const program = compiledProgram(new URL('closes.child.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [program])
    expect(stdout).toBe('held 204, waiting STATE, closed\n')
  })

  it('is what leaving the scope of `await using` does', async () => {
    const orchestrator = await startOrchestrator()
    await orchestrator[Symbol.asyncDispose]()
    await expect(call(`${orchestrator.url}/_public/status`, 'GET')).rejects.toThrow('ECONNREFUSED')
  })

  it('lets the port be used again at once', async () => {
    const { port, close } = await startOrchestrator().then((first) => ({
      port: first.port,
      close: () => first.close(),
    }))
    await close()
    expect((await start({ port })).port).toBe(port)
  })
})

describe('what nobody should send', () => {
  it.each([
    [
      'a body that ends early',
      'POST /_worker/tasks/result HTTP/1.1\r\nHost: localhost\r\nX-Worker-Token: your-secret-worker-token\r\nContent-Length: 50\r\n\r\n{"job',
    ],
    ['no HTTP', 'hello\r\n\r\n'],
    ['a path that is none', 'GET //[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    [
      'a path that cannot be decoded',
      'GET /_worker/workers/%E0%A4%A/tasks/next HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ],
    ['a host that is none', 'GET /_public/status HTTP/1.1\r\nHost: a b\r\n\r\n'],
    [
      'an upgrade to something else',
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    ],
  ])('%s does not end the orchestrator', async (_what, text) => {
    const orchestrator = await start()
    const socket = await plainSocket(orchestrator)
    socket.on('error', () => {})
    socket.end(text)
    await new Promise((resolve) => socket.resume().once('close', resolve))
    await roundTrip(orchestrator)
  })

  it('a body without a length that never stops is cut off', async () => {
    const orchestrator = await start()
    const socket = await plainSocket(orchestrator)
    socket.on('error', () => {})
    const answer = new Promise((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())))
    const head = [
      'POST /_worker/workers/register HTTP/1.1',
      'Host: localhost',
      'X-Worker-Token: t',
      'Transfer-Encoding: chunked',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    for (let n = 0; n < 20; n++) socket.write(chunk)
    expect(await answer).toMatch(/^HTTP\/1\.1 400 .*Invalid JSON body/s)
    await roundTrip(orchestrator)
  })

  it.each([501, 100_000])('nested %i deep is refused, and the job stays readable', async (depth) => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await worker.register()
    await orchestrator.createJob({ task: 'echo' })
    const { body: offer } = await worker.poll()
    const resultOf = (levels: number) => {
      const deep = `${'['.repeat(levels)}"\\"["${']'.repeat(levels)}`
      return `{"worker_id":"w1","job_id":"${offer.job_id}","task_id":"${offer.task_id}","result":{"data":{"x":${deep}}}}`
    }
    const refused = await worker.send('POST', '/tasks/result', resultOf(depth))
    expect([refused.status, refused.body]).toEqual([400, { error: 'Invalid JSON body' }])
    const accepted = await worker.send('POST', '/tasks/result', resultOf(497))
    expect(accepted.status).toBe(200)
    expect((await rawClient(orchestrator).read(offer.job_id)).body.state_history).toHaveProperty('x')
  })

  it('nested too deep for JSON, or for a worker, is no job of this process either', async () => {
    const orchestrator = await start()
    for (const depth of [501, 100_000]) {
      let params: object = {}
      for (let n = 0; n < depth; n++) params = { params }
      await expect(orchestrator.createJob({ task: 'echo', params })).rejects.toThrow(
        new TypeError('Job not created: a value is nested deeper than 500 levels'),
      )
    }
    expect(orchestrator.jobs()).toEqual([])
  })
})

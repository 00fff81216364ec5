import { describe, expect, it } from 'vitest'
import { rawClient, rawWorker, start } from './raw.js'

describe('a registration', () => {
  it('is taken, and the worker is listed', async () => {
    const orchestrator = await start()
    const { status, body } = await rawWorker(orchestrator).register()
    expect([status, body]).toEqual([200, { status: 'registered' }])
    const listed = await rawClient(orchestrator).send('GET', '/workers')
    expect(listed.body).toEqual([
      {
        worker_id: 'w1',
        worker_type: 'demo',
        supported_tasks: ['echo'],
        capabilities: { websockets: true },
        reputation: 1,
      },
    ])
    expect(orchestrator.workers()).toMatchObject([
      { workerId: 'w1', workerType: 'demo', status: 'idle', taskNames: ['echo'], websockets: true },
    ])
  })

  it('takes the place of the record that was there', async () => {
    const worker = rawWorker(await start())
    await worker.register({ extra: 1 })
    await worker.register()
    const { body } = await worker.heartbeat({ load: 1 })
    expect(body).not.toHaveProperty('extra')
  })

  it.each([
    ['no JSON', 'nonsense', 400, 'Invalid JSON body'],
    ['no UTF-8', Buffer.from('{"worker_id":"\xff"}', 'latin1'), 400, 'Invalid JSON body'],
    ['a list', [], 400, 'Invalid JSON body'],
    ['nothing at all', undefined, 400, 'Invalid JSON body'],
    ['too much', { worker_id: 'w1', x: 'x'.repeat(1024 * 1024) }, 400, 'Invalid JSON body'],
    ['no worker_id', { worker_type: 'demo' }, 400, 'Missing required field: worker_id'],
    ['a worker_id that is no text', { worker_id: 5 }, 400, 'Missing required field: worker_id'],
    ['an empty object', {}, 500, 'Worker data not found in request'],
  ])('is refused with %s', async (_what, sent, status, error) => {
    const answer = await rawWorker(await start()).send('POST', '/workers/register', sent)
    expect([answer.status, answer.body]).toEqual([status, { error }])
  })
})

describe('the token of a worker', () => {
  it.each([
    ['missing', null, 'w1', 'Missing X-Worker-Token header'],
    ['wrong', 'wrong', 'w1', 'Unauthorized: No valid token found'],
    [
      'the common one where there is an individual one',
      undefined,
      'own',
      'Unauthorized: Invalid individual worker token',
    ],
    ['the individual one of somebody else', 'secret', 'w1', 'Unauthorized: No valid token found'],
  ])('%s: 401 everywhere', async (_what, token, workerId, error) => {
    const worker = rawWorker(await start({ workerTokens: { own: 'secret' } }), workerId, token)
    const answers = [
      await worker.register(),
      await worker.heartbeat({ load: 1 }),
      await worker.poll(),
      await worker.result({ job_id: 'j', task_id: 't' }, {}),
    ]
    for (const { status, body } of answers) expect([status, body]).toEqual([401, { error }])
  })

  it('wrong, and nobody says for whom', async () => {
    const { status, body } = await rawWorker(await start(), 'w1', 'wrong').send(
      'POST',
      '/workers/register',
      {},
    )
    expect([status, body]).toEqual([401, { error: 'Unauthorized: Invalid token or missing worker_id' }])
  })

  it('lets the worker in that it was made for', async () => {
    const orchestrator = await start({ workerTokens: { own: 'secret' } })
    expect((await rawWorker(orchestrator, 'own', 'secret').register()).status).toBe(200)
  })

  it('is not found on the prototype of the options', async () => {
    const orchestrator = await start()
    expect((await rawWorker(orchestrator, 'constructor').register()).status).toBe(200)
  })
})

describe('paths and methods that are not served', () => {
  it.each([
    ['GET', '/nope', 404, '404: Not Found'],
    ['GET', '/ws', 404, '404: Not Found'],
    ['POST', '/workers/w1/tasks/next', 405, '405: Method Not Allowed'],
    ['GET', '/ws/w1', 400, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".'],
  ] as const)('%s %s', async (method, path, status, text) => {
    const orchestrator = await start()
    const answer = await rawWorker(orchestrator).send(method, path)
    expect([answer.status, answer.body]).toEqual([status, text])
    expect((await rawWorker(orchestrator, 'w1', null).send(method, path)).status).toBe(401)
  })
})

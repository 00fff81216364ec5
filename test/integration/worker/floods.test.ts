import { expect, test } from 'vitest'
import { eventually } from '../../support/interop/eventually.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const setUp = async () => {
  const orchestrator = await ScriptedOrchestrator.start()
  const made = testWorker({ url: orchestrator.url, variables: { WORKER_ENABLE_WEBSOCKETS: true } })
  const refreshed = new Promise<void>((resolve) => made.worker.onCommand('refresh', () => resolve()))
  await made.worker.start()
  return { ...made, refreshed, peer: await orchestrator.peers.next() }
}

test('§1.6.13 a flood of unknown commands makes one line, with a short name', async () => {
  const { peer, refreshed, logged } = await setUp()
  for (let i = 0; i < 2_000; i++) peer.say({ command: `${i} ${'x'.repeat(500)}` })
  peer.say({ command: 'refresh' })
  await refreshed
  const lines = logged('warn').filter(({ msg }) => msg.includes('Command without a handler'))
  expect(lines).toHaveLength(1)
  expect(String(lines[0]?.['command']).length).toBeLessThanOrEqual(100)
})

test('§1.6.13 a flood of messages that are no command, or whose handler fails, makes one line each', async () => {
  const { worker, peer, refreshed, logged } = await setUp()
  worker.onCommand('odd', ({ n }) => {
    throw new Error(`no ${n}`)
  })
  for (let n = 0; n < 500; n++) {
    peer.say({ command: 'odd', n })
    peer.socket.send(`no JSON ${n}`)
  }
  peer.say({ command: 'refresh' })
  await refreshed
  const lines = logged('warn').map(({ msg }) => msg)
  expect(lines.filter((msg) => /ommand/.test(msg)).toSorted()).toEqual([
    'Command handler failed',
    'Command socket: message ignored, it is not a command',
  ])
})

test('§1.6.13 pings are answered', async () => {
  const { peer } = await setUp()
  const answered = new Promise<string>((resolve) => peer.socket.once('pong', (data) => resolve(String(data))))
  peer.socket.ping('hello')
  expect(await answered).toBe('hello')
})

test('§1.6.13 a server that sends pings and reads no pongs does not fill the memory', async () => {
  const { peer, refreshed } = await setUp()
  const { socket } = peer
  const payload = Buffer.alloc(125, 'x')
  let pongs = 0
  let seesLast = false
  socket.on('pong', (data) => {
    pongs++
    seesLast ||= String(data) === 'last'
  })
  socket.pause()
  const PINGS = 240_000
  for (let n = 0; n < PINGS; n++) {
    socket.ping(payload)
    if (n % 2_000 === 0) await new Promise(setImmediate)
  }
  peer.say({ command: 'refresh' })
  await refreshed
  socket.resume()
  // Once the server reads, its pings are answered again.
  await eventually('a ping is answered', () => {
    if (!seesLast) socket.ping('last')
    return seesLast
  })
  // 30 MB of pongs were due. What was sent is what the buffers of both systems and 1 MiB hold.
  expect(pongs).toBeGreaterThan(0)
  expect(pongs).toBeLessThan(PINGS / 2)
})

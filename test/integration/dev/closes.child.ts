import { once } from 'node:events'
import { type ClientRequest, get } from 'node:http'
import { WebSocket } from 'ws'
import { startOrchestrator } from '../../../src/dev/index.js'

/**
 * Run as a process of its own: opens one of everything, closes the orchestrator, and lets go of its own ends. It exits by
 * itself only when the orchestrator left no timer, no socket and no server behind.
 */
const orchestrator = await startOrchestrator({ waitForWorker: true })
const base = `${orchestrator.url}/_worker`
const headers = { 'x-worker-token': 'your-secret-worker-token' }
/** A poll whose request has left. */
const poll = async (): Promise<ClientRequest> => {
  const request = get(`${base}/workers/w1/tasks/next`, { headers, agent: false })
  await once(request, 'finish')
  return request
}

const registration = { worker_id: 'w1', supported_tasks: ['echo'], capabilities: { websockets: true } }
await fetch(`${base}/workers/register`, { method: 'POST', headers, body: JSON.stringify(registration) })
await orchestrator.createJob({ task: 'echo' })
await orchestrator.createJob({ task: 'nobody offers this' })
const socket = new WebSocket(`${base.replace('http', 'ws')}/ws/w1`, { headers })
await once(socket, 'open')
const [served] = await once(await poll(), 'response')
served.resume()
const abandoned = (await poll()).once('error', () => {})
const held = once(await poll(), 'response')
await fetch(`${orchestrator.url}/_public/status`)
abandoned.destroy()
const refused = orchestrator.waitForWorker('nobody offers this').catch((error) => error.code)
await orchestrator.close()
const [answer] = await held
answer.resume()
console.log(`held ${answer.statusCode}, waiting ${await refused}, closed`)

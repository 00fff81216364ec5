import { randomUUID } from 'node:crypto'
import { type RawAnswer, rawCall } from './raw-call.js'
import { signatureOf } from './rxon-signing.js'

type Fields = Readonly<Record<string, unknown>>
type Headers = Readonly<Record<string, string>>

/** A task as it came, with the text that its signature covers. */
export interface RxonTask {
  readonly job_id: string
  readonly task_id: string
  readonly type: string
  readonly params: Fields
  readonly text: string
  readonly [field: string]: unknown
}

/** A worker of the second generation without any code of the package: raw requests, signed. */
export interface RxonWireWorker {
  readonly id: string
  /** One request as it is: a text goes untouched, anything else as JSON. Nothing is signed. */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown, headers?: Headers): Promise<RawAnswer>
  /** The message with its `security`; a `timestamp` of now unless it has one. */
  sign(message: Fields, key?: string): Fields
  register(skillNames: readonly string[], fields?: Fields): Promise<RawAnswer>
  /** Without fields it has no body, and is not signed. */
  heartbeat(fields?: Fields): Promise<RawAnswer>
  poll(): Promise<RxonTask | undefined>
  /** Asks again until a task comes. */
  take(): Promise<RxonTask>
  /** A result as {@link report} sends it. */
  resultOf(task: RxonTask, fields: Fields): Fields
  report(task: RxonTask, fields: Fields): Promise<RawAnswer>
  /** An event as {@link tell} sends it, or a socket. */
  eventOf(fields: Fields): Fields
  tell(fields: Fields): Promise<RawAnswer>
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** @param url the orchestrator's base URL */
export const rxonWireWorker = (url: string, token: string, id: string): RxonWireWorker => {
  const own = { 'X-Worker-Token': token, 'X-Worker-ID': id, 'X-RXON-Version': '1.0b17' }

  const call: RxonWireWorker['call'] = async (method, path, body, headers = own) => {
    return rawCall(`${url}/_worker${path}`, method, headers, body)
  }

  const sign: RxonWireWorker['sign'] = (message, key = token) => {
    const whole = { timestamp: nowSeconds(), ...message }
    const signature = signatureOf(JSON.stringify(whole), key, ['bubbling_chain'])
    return { ...whole, security: { signature, signer_id: id } }
  }

  const poll = async (): Promise<RxonTask | undefined> => {
    const { status, body, text } = await call('GET', `/workers/${id}/tasks/next?timeout=30.0`)
    if (status === 200) return { ...(body as RxonTask), text }
    if (status === 204) return undefined
    throw new Error(`the poll of ${id} was answered ${status}: ${text}`)
  }

  const resultOf: RxonWireWorker['resultOf'] = ({ job_id, task_id }, fields) =>
    sign({ job_id, task_id, worker_id: id, nonce: randomUUID(), ...fields })

  const eventOf: RxonWireWorker['eventOf'] = (fields) =>
    sign({
      event_id: randomUUID(),
      worker_id: id,
      origin_worker_id: id,
      event_type: 'progress',
      payload: {},
      ...fields,
    })

  return {
    id,
    call,
    sign,
    poll,
    resultOf,
    eventOf,
    register: (skillNames, fields) => {
      const supported_skills = skillNames.map((name) => ({ name, type: name }))
      const message = { worker_id: id, worker_type: 'wire', supported_skills, nonce: randomUUID(), ...fields }
      return call('POST', '/workers/register', sign(message))
    },
    heartbeat: (fields) => {
      const message = fields && sign({ worker_id: id, status: 'idle', nonce: randomUUID(), ...fields })
      return call('PATCH', `/workers/${id}`, message)
    },
    async take() {
      for (let polls = 0; polls < 10; polls++) {
        const task = await poll()
        if (task) return task
      }
      throw new Error(`ten polls brought ${id} no task`)
    },
    report: (task, fields) => call('POST', '/tasks/result', resultOf(task, fields)),
    tell: (fields) => call('POST', '/events', eventOf(fields)),
  }
}

import { isObject } from '../../utils/json.js'

/** Returns a problem of a value, or `undefined` if it is valid. */
type Check = (value: unknown, path: string) => string | undefined

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

const kind =
  (name: string, isValid: (value: unknown) => boolean): Check =>
  (value, path) =>
    isValid(value) ? undefined : `Expected \`${name}\`, got \`${kindOf(value)}\` - at \`${path}\``

const text = kind('str', (value) => typeof value === 'string')
const integer = kind('int', Number.isInteger)
const number = kind('float', (value) => typeof value === 'number')
const object = kind('object', isObject)

const listOf =
  (item: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return kind('array', () => false)(value, path)
    return firstOf(value.map((one, index) => item(one, `${path}[${index}]`)))
  }

const firstOf = (problems: readonly (string | undefined)[]): string | undefined =>
  problems.find((problem) => problem !== undefined)

/** An object with these members. A member that is null counts as absent. */
const shape =
  (required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    if (!isObject(value)) return object(value, path)
    const missing = Object.keys(required).find((name) => (value[name] ?? null) === null)
    if (missing) return `Object missing required field \`${missing}\` - at \`${path}\``
    const checks = Object.entries({ ...required, ...optional })
    return firstOf(
      checks.map(([name, check]) =>
        (value[name] ?? null) === null ? undefined : check(value[name], `${path}.${name}`),
      ),
    )
  }

const skill = shape(
  { name: text },
  {
    type: text,
    description: text,
    version: text,
    input_schema: object,
    output_schema: object,
    events_schema: object,
    output_statuses: listOf(text),
    schema_dialect: text,
    properties: object,
  },
)

const REGISTRATION: Readonly<Record<string, Check>> = {
  worker_id: text,
  worker_type: text,
  supported_skills: listOf(skill),
  available_skills: listOf(text),
  hot_skills: listOf(text),
  resources: shape({}, { devices: listOf(shape({ type: text })), properties: object }),
  installed_software: object,
  installed_artifacts: listOf(shape({ name: text })),
  capabilities: shape({}, { hostname: text, ip_address: text, cost_per_skill: object, extra: object }),
  skills_hash: text,
  security: object,
  metadata: object,
  timestamp: integer,
}

const registration = shape({ worker_id: text }, REGISTRATION)

const result = shape(
  { job_id: text, task_id: text },
  {
    worker_id: text,
    origin_worker_id: text,
    status: text,
    data: object,
    error: shape({ code: text, message: text }, { details: object }),
    data_metadata: object,
    metadata: object,
    timestamp: integer,
    costs: object,
  },
)

const event = shape(
  { event_id: text, worker_id: text, origin_worker_id: text, event_type: text, payload: object },
  {
    origin_task_id: text,
    bubbling_chain: listOf(text),
    target_job_id: text,
    target_task_id: text,
    trace_context: object,
    priority: number,
    timestamp: integer,
    metadata: object,
  },
)

/**
 * Return what the real orchestrator would refuse, in its words, or `undefined`. Unlike there, a float that is a whole number
 * counts as an integer.
 */
export const problemOfRegistration = (body: unknown) => registration(body, '$')
export const problemOfResult = (body: unknown) => result(body, '$')
export const problemOfEvent = (body: unknown) => event(body, '$')

/** Returns the members of a registration that are kept. Unknown members are dropped, `capabilities.websockets` as well. */
export const keptOf = (body: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const kept = Object.entries(body).filter(([name]) => Object.hasOwn(REGISTRATION, name))
  return { ...Object.fromEntries(kept), ...capabilitiesOf(body['capabilities']) }
}

const capabilitiesOf = (capabilities: unknown): object => {
  if (!isObject(capabilities)) return {}
  const { websockets: _, ...kept } = capabilities
  return { capabilities: kept }
}

export const isIdentifier = (value: string): boolean => /^[a-zA-Z0-9_-]{1,128}$/.test(value)

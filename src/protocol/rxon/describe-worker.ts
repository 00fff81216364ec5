import { createHash } from 'node:crypto'
import { isObject, type JsonValue } from '../../utils/json.js'
import type { Registration, Skill } from '../messages.js'
import { canonical } from './canonical.js'

/** A skill in the format of the orchestrator. */
export const skillInfo = (skill: Skill) => ({
  name: skill.name,
  type: skill.type ?? skill.name,
  description: skill.description,
  version: skill.version,
  input_schema: skill.inputSchema,
  output_schema: skill.outputSchema,
  events_schema: skill.eventsSchema,
  output_statuses: skill.statuses,
  properties: skill.properties,
})

const deviceOf = ({ model, vramGb }: NonNullable<Registration['resources']['gpu']>) => ({
  type: 'gpu',
  model,
  id: '0',
  properties: { memory_gb: vramGb },
})

const artifactOf = (artifact: JsonValue) => {
  if (typeof artifact === 'string') return [{ name: artifact }]
  if (!isObject(artifact) || typeof artifact['name'] !== 'string') return []
  const { name, version, type, properties } = artifact
  return [
    {
      name,
      version: version === undefined ? undefined : String(version),
      type: typeof type === 'string' ? type : undefined,
      properties: isObject(properties) ? properties : undefined,
    },
  ]
}

/** The orchestrator only accepts strings as values. */
const textual = (record: Readonly<Record<string, JsonValue>>) =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )

/**
 * The orchestrator drops `websockets` from a registration, and sends no commands without it. It only counts in heartbeats.
 */
export const capabilities = (registration: Registration) => ({
  hostname: registration.hostname,
  ip_address: registration.ipAddress,
  cost_per_skill: registration.costPerSkill,
  extra: registration.extra,
  s3_config_hash: registration.s3ConfigHash,
  websockets: registration.websockets,
})

export const describeWorker = (registration: Registration) => ({
  worker_id: registration.workerId,
  worker_type: registration.workerType,
  supported_skills: registration.skills.map(skillInfo),
  available_skills: registration.skills.map(({ name }) => name),
  skills_hash: skillsHash(registration),
  resources: {
    properties: { cpu_cores: registration.resources.cpuCores, ram_gb: registration.resources.ramGb },
    devices: [
      ...(registration.resources.gpu ? [deviceOf(registration.resources.gpu)] : []),
      ...registration.devices,
    ],
  },
  installed_software: textual(registration.installedSoftware),
  installed_artifacts: [...registration.installedModels, ...registration.installedArtifacts].flatMap(
    artifactOf,
  ),
  capabilities: capabilities(registration),
  metadata: registration.metadata,
})

const hashes = new WeakMap<Registration, string>()

/** Returns a hash of the skills, which a heartbeat has instead of the skills. */
export const skillsHash = (registration: Registration): string => {
  const known = hashes.get(registration)
  if (known !== undefined) return known
  const { skills, costPerSkill, extra } = registration
  const text = canonical({ skills: skills.map(skillInfo), capabilities: costPerSkill, extra })
  const hash = createHash('sha256').update(text).digest('hex')
  hashes.set(registration, hash)
  return hash
}

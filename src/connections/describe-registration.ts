import type { Slots } from '../execution/slots.js'
import type { Registration, Skill } from '../protocol/messages.js'
import type { Settings } from '../settings.js'
import type { RegisteredTask, TaskRegistry } from '../tasks/definition.js'
import { describeSkill } from '../tasks/describe-skill.js'

/** Writing schemas takes time, and a definition never changes. */
const skills = new WeakMap<RegisteredTask, Skill>()

const skillOf = (definition: RegisteredTask): Skill => {
  const known = skills.get(definition) ?? describeSkill(definition)
  skills.set(definition, known)
  return known
}

/** What orchestrators are told at a registration, without what changes from moment to moment. */
export const describeRegistration = (
  settings: Settings,
  registry: TaskRegistry,
  slots: Pick<Slots<unknown>, 'limits' | 'isTypePaused'>,
): Omit<Registration, 'status' | 'isHeldOff'> => ({
  workerId: settings.workerId,
  workerType: settings.workerType,
  skills: registry
    .all()
    .filter(({ taskType }) => !slots.isTypePaused(taskType))
    .map(skillOf),
  maxConcurrentTasks: slots.limits.global,
  costPerSkill: settings.costPerSkill,
  installedModels: settings.installedModels,
  installedSoftware: settings.installedSoftware,
  hostname: settings.hostname,
  ipAddress: settings.ipAddress,
  resources: settings.resources,
  devices: settings.devices,
  installedArtifacts: settings.installedArtifacts,
  extra: settings.extra,
  websockets: settings.websocketsEnabled,
  ...(settings.metadata && { metadata: settings.metadata }),
  ...(settings.s3ConfigHash !== undefined && { s3ConfigHash: settings.s3ConfigHash }),
})

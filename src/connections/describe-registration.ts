import type { Registration } from '../protocol/messages.js'
import type { Settings } from '../settings.js'
import type { TaskRegistry } from '../tasks/definition.js'
import { describeSkill } from '../tasks/describe-skill.js'

/** What orchestrators are told at a registration, without what changes from moment to moment. Pure. */
export const describeRegistration = (
  settings: Settings,
  registry: TaskRegistry,
): Omit<Registration, 'status' | 'isHeldOff'> => ({
  workerId: settings.workerId,
  workerType: settings.workerType,
  skills: registry.all().map(describeSkill),
  maxConcurrentTasks: settings.maxConcurrentTasks,
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
})

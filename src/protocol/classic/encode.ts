import { jsonText } from '../../utils/json.js'
import type { Heartbeat, Outcome, ProgressUpdate, Registration, TaskResult } from '../messages.js'
import type { WireRequest } from '../protocol.js'
import { pollPath, REGISTER, RESULT, workerPath } from '../routes.js'
import { isWithinLimit, sendable, withinLimit } from '../unsendable.js'

/** Returns the record of a worker at the orchestrator. */
export const recordOf = (registration: Registration) => {
  const { resources } = registration
  return {
    worker_id: registration.workerId,
    worker_type: registration.workerType,
    supported_tasks: registration.skills.map(({ name }) => name),
    max_concurrent_tasks: registration.maxConcurrentTasks,
    cost_per_skill: registration.costPerSkill,
    installed_models: registration.installedModels,
    installed_software: registration.installedSoftware,
    hostname: registration.hostname,
    ip_address: registration.ipAddress,
    resources: {
      cpu_cores: resources.cpuCores,
      gpu_info: resources.gpu ? { model: resources.gpu.model, vram_gb: resources.gpu.vramGb } : null,
    },
    capabilities: { websockets: registration.websockets },
    // Orchestrators keep all members, and assume `idle` if there is no status.
    ...(registration.status === 'busy' && { status: 'busy' }),
  }
}

export const writeRegistration = (registration: Registration): WireRequest => ({
  method: 'POST',
  path: REGISTER,
  body: JSON.stringify(recordOf(registration)),
})

export const writeHeartbeat = (heartbeat: Heartbeat, { workerId }: Registration): WireRequest => ({
  method: 'PATCH',
  path: workerPath(workerId),
  body: JSON.stringify({
    load: heartbeat.load,
    status: heartbeat.status,
    supported_tasks: heartbeat.taskNames,
    hot_cache: heartbeat.hotCache,
    ...(Object.keys(heartbeat.skillDependencies).length > 0 && {
      skill_dependencies: heartbeat.skillDependencies,
    }),
    ...(heartbeat.hotSkills.length > 0 && { hot_skills: heartbeat.hotSkills }),
  }),
})

export const writePoll = (workerId: string): WireRequest => ({ method: 'GET', path: pollPath(workerId) })

const outcomeOnTheWire = (outcome: Outcome): object => {
  switch (outcome.kind) {
    case 'value':
      return { status: outcome.status, ...(outcome.data !== undefined && { data: outcome.data }) }
    case 'failure':
      return {
        status: 'failure',
        error: outcome.error,
        ...(outcome.data !== undefined && { data: outcome.data }),
      }
    case 'cancelled':
      return { status: 'cancelled' }
  }
}

const idsOf = ({ jobId, taskId, workerId }: TaskResult) => ({
  job_id: jobId,
  task_id: taskId,
  worker_id: workerId,
})

export const writeResult = (result: TaskResult): WireRequest => ({
  method: 'POST',
  path: RESULT,
  body: sendable(() => jsonText({ ...idsOf(result), result: outcomeOnTheWire(result.outcome) })),
})

/**
 * Writes a result for orchestrators 1.0b9 to 1.0b12. 1.0b9 and 1.0b10 read the outcome from `result`, 1.0b11 and 1.0b12 from
 * the message itself. Nothing tells them apart, so both places have it. If that exceeds the limit of a body, only the message
 * itself has it.
 */
export const writeFlatResult = (result: TaskResult): WireRequest => {
  const outcome = outcomeOnTheWire(result.outcome)
  const message = { ...idsOf(result), ...outcome }
  const body = sendable(() => {
    const twice = jsonText({ ...message, result: outcome })
    return isWithinLimit(twice) ? twice : jsonText(message)
  })
  return { method: 'POST', path: RESULT, body }
}

export const writeProgress = (update: ProgressUpdate): string =>
  withinLimit(
    'The progress',
    JSON.stringify({
      event: 'progress_update',
      task_id: update.taskId,
      job_id: update.jobId,
      progress: update.progress,
      message: update.message,
    }),
  )

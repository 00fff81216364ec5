import type { Heartbeat, Outcome, ProgressUpdate, Registration, TaskResult } from '../messages.js'
import type { WireRequest } from '../protocol.js'
import { pollPath, REGISTER, RESULT, workerPath } from './routes.js'

export const writeRegistration = (registration: Registration): WireRequest => {
  const { resources } = registration
  return {
    method: 'POST',
    path: REGISTER,
    body: JSON.stringify({
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
      // Not part of a registration, but kept like all of it, and `idle` where it is not said.
      ...(registration.status === 'busy' && { status: 'busy' }),
    }),
  }
}

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

export const writeResult = (result: TaskResult): WireRequest => ({
  method: 'POST',
  path: RESULT,
  body: JSON.stringify({
    job_id: result.jobId,
    task_id: result.taskId,
    worker_id: result.workerId,
    result: outcomeOnTheWire(result.outcome),
  }),
})

export const writeProgress = (update: ProgressUpdate): string =>
  JSON.stringify({
    event: 'progress_update',
    task_id: update.taskId,
    job_id: update.jobId,
    progress: update.progress,
    message: update.message,
  })

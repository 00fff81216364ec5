import type { Resources } from '../protocol/messages.js'
import { isObject } from '../utils/json.js'
import type { Checks } from './checks.js'
import { resourcesOf } from './machine.js'
import { amount, count } from './number-kinds.js'
import { text } from './text-kinds.js'

const RESOURCES = { expected: 'an object with cpuCores, and optionally ramGb and gpu' }
const GPU = { expected: 'an object with model and vramGb' }

const settleGpu = (checks: Checks, gpu: unknown): Pick<Resources, 'gpu'> => {
  if (gpu === undefined) return {}
  if (!isObject(gpu)) {
    checks.refuse('RESOURCES.gpu', gpu, GPU)
    return {}
  }
  return {
    gpu: {
      model: checks.settle('RESOURCES.gpu.model', gpu['model'], text, ''),
      vramGb: checks.settle('RESOURCES.gpu.vramGb', gpu['vramGb'], amount, 0),
    },
  }
}

const fromCode = (checks: Checks, resources: unknown): Resources => {
  if (!isObject(resources)) {
    checks.refuse('RESOURCES', resources, RESOURCES)
    return { cpuCores: 1 }
  }
  const cpuCores = checks.settle('RESOURCES.cpuCores', resources['cpuCores'], count(1), 1)
  const ramGb = resources['ramGb']
  return {
    cpuCores,
    ...(ramGb !== undefined && { ramGb: checks.settle('RESOURCES.ramGb', ramGb, amount, 0) }),
    ...settleGpu(checks, resources['gpu']),
  }
}

/** Returns the resources that `RESOURCES` sets in code, else those of the variables. */
export const settleResources = (checks: Checks, own: unknown): Resources =>
  own === undefined
    ? resourcesOf(
        checks.variable('CPU_CORES'),
        checks.variable('RAM_GB'),
        checks.variable('GPU_MODEL'),
        checks.variable('GPU_VRAM_GB'),
      )
    : fromCode(checks, own)

import type { Resources } from '../protocol/messages.js'
import { isObject } from '../utils/json.js'
import type { SettleAttribute } from './attributes.js'
import type { Checks } from './checks.js'
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

const fromVariables = (attribute: SettleAttribute): Resources => {
  const cpuCores = attribute('CPU_CORES')
  const model = attribute('GPU_MODEL')
  const vramGb = attribute('GPU_VRAM_GB')
  const ramGb = attribute('RAM_GB')
  return {
    cpuCores,
    ...(ramGb > 0 && { ramGb }),
    ...(model !== undefined && { gpu: { model, vramGb } }),
  }
}

/** What code has set as `RESOURCES`, else what the variables say. */
export const settleResources = (checks: Checks, attribute: SettleAttribute, own: unknown): Resources =>
  own === undefined ? fromVariables(attribute) : fromCode(checks, own)

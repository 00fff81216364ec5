import type { Heartbeat, ProgressUpdate, Registration, TaskResult } from '../../src/protocol/messages.js'

/** What is said in every generation; the golden files have, under the same names, how each one writes it. */

const plain: Registration = {
  workerId: 'w1',
  workerType: 'demo',
  skills: [
    { name: 'echo' },
    {
      name: 'slow',
      description: 'Takes its time.',
      version: '1.2',
      inputSchema: { type: 'object', required: ['ms'] },
      outputSchema: { type: 'object' },
      eventsSchema: { note: { type: 'object' } },
      statuses: ['needs_review'],
    },
  ],
  maxConcurrentTasks: 10,
  costPerSkill: {},
  installedModels: [],
  installedSoftware: {},
  hostname: 'h',
  ipAddress: '127.0.0.1',
  resources: { cpuCores: 4, gpu: { model: 'RTX 4090', vramGb: 24 } },
  devices: [],
  installedArtifacts: [],
  extra: {},
  status: 'idle',
  isHeldOff: false,
  websockets: true,
}

export const REGISTRATIONS = {
  'as captured': plain,
  'without GPU and socket, with everything else': {
    ...plain,
    workerId: 'gpu-1',
    costPerSkill: { echo: 0.25 },
    installedModels: [{ name: 'sd-1.5', version: '1' }],
    installedSoftware: { node: '20.20.2' },
    resources: { cpuCores: 2, ramGb: 7.5 },
    devices: [{ type: 'tpu', model: 'v5e' }],
    installedArtifacts: [{ name: 'imagenet', version: '2012' }],
    extra: { zone: 'eu', ports: [1, 2] },
    websockets: false,
  },
} satisfies Record<string, Registration>

const idle: Heartbeat = {
  accepting: true,
  tasksInHand: [{ taskId: 'ca497c41', jobId: '295a067d' }],
  load: 4,
  status: 'idle',
  taskNames: ['echo'],
  hotCache: ['m1'],
  skillDependencies: { echo: ['m1'] },
  hotSkills: ['echo'],
}

export const HEARTBEATS = {
  'as captured': idle,
  'with nothing hot': { ...idle, load: 0, hotCache: [], hotSkills: [] },
  'without dependencies': { ...idle, skillDependencies: {}, hotSkills: [] },
  draining: { ...idle, accepting: false, load: 0, status: 'busy', taskNames: [], tasksInHand: [] },
  busy: { ...idle, load: 10, status: 'busy', taskNames: [] },
} satisfies Record<string, Heartbeat>

const to = { jobId: '295a067d', taskId: 'ca497c41', workerId: 'w1' }

export const RESULTS = {
  success: { ...to, outcome: { kind: 'value', status: 'success', data: { width: 320, text: 'Grüße 🎨' } } },
  'success without data': { ...to, outcome: { kind: 'value', status: 'success' } },
  'custom status': { ...to, outcome: { kind: 'value', status: 'needs_review', data: { reason: 'blurred' } } },
  'transient failure': {
    ...to,
    outcome: { kind: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'no answer' } },
  },
  'permanent failure': {
    ...to,
    outcome: { kind: 'failure', error: { code: 'PERMANENT_ERROR', message: 'corrupt' } },
  },
  'failure of the params, with data': {
    ...to,
    outcome: {
      kind: 'failure',
      error: { code: 'INVALID_INPUT_ERROR', message: 'width: expected a number' },
      data: { width: 'wide' },
    },
  },
  cancelled: { ...to, outcome: { kind: 'cancelled' } },
  'timed, with a file': {
    ...to,
    outcome: {
      kind: 'value',
      status: 'success',
      data: { file: 's3://b/k' },
      files: { file: { uri: 's3://b/k', size: 8, etag: 'b60d' } },
    },
    executionMs: 2.6,
  },
} satisfies Record<string, TaskResult>

export const UPDATES = {
  half: { jobId: '295a067d', taskId: 'ca497c41', progress: 0.5, message: 'half' },
  'without a message': { jobId: '295a067d', taskId: 'ca497c41', progress: 1, message: '' },
} satisfies Record<string, ProgressUpdate>

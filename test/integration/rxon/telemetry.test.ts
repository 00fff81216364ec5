import { expect, onTestFinished, test, vi } from 'vitest'
import { fakeSmi } from '../../support/fake-smi.js'
import { eventually } from '../../support/interop/eventually.js'
import type { Call, RawOrchestrator } from '../../support/raw-orchestrator.js'
import { setup } from './setup.js'

const isBeat = ({ body }: Call) => body !== ''
const beats = (orchestrator: RawOrchestrator) => orchestrator.calls('heartbeat').filter(isBeat)
const told = (orchestrator: RawOrchestrator) => beats(orchestrator).flatMap(({ body }) => body.usage ?? [])
const gpusOf = (usage: { devices_usage: readonly object[] }) => usage.devices_usage

/** Figures age by this clock alone: heartbeats come as they do, and the machine's own load may move as it likes. */
const holdFigures = () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

const gpu = (id: string, load: number, gb: number, celsius?: number) => ({
  unit_id: id,
  load_percent: load,
  metrics: { memory_used_gb: gb, ...(celsius !== undefined && { temperature_c: celsius }) },
})

test('§2.4.11 heartbeats tell how much of the machine is in use, once for each change', async () => {
  const smi = fakeSmi('echo "0, 37, 10240, 61"; echo "1, 0, 512, [N/A]"')
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 0.02 })
  holdFigures()
  await worker.start()
  const { body: first } = await orchestrator.next('heartbeat', isBeat)
  expect(first.usage).toMatchObject({ cpu_load_percent: expect.any(Number), ram_used_gb: expect.any(Number) })
  expect(first.usage.ram_used_gb).toBeGreaterThan(0)
  const both = [gpu('0', 37, 10, 61), gpu('1', 0, 0.5)]
  await eventually('the GPUs are told of', () =>
    told(orchestrator)
      .map(gpusOf)
      .some((gpus) => gpus.length === 2),
  )
  expect(told(orchestrator).map(gpusOf)).toEqual([[], both])
  expect(smi.calls()).toEqual([
    '--query-gpu=index,utilization.gpu,memory.used,temperature.gpu --format=csv,noheader,nounits',
  ])

  const before = beats(orchestrator).length
  await eventually('ten more go without', () => beats(orchestrator).length >= before + 10)
  expect(told(orchestrator)).toHaveLength(2)

  smi.will('echo "0, 90, 10240, 64"; echo "1, 3, 520, [N/A]"')
  vi.advanceTimersByTime(5_000)
  await eventually('the change is told', () =>
    told(orchestrator).some((usage) => gpusOf(usage)[0]?.['load_percent' as never] === 90),
  )
  expect(gpusOf(told(orchestrator).at(-1))).toEqual([gpu('0', 90, 10, 64), gpu('1', 3, 0.51)])
})

test('§2.4.11 after another registration it is told again', async () => {
  fakeSmi('exit 0')
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 0.02 })
  holdFigures()
  await worker.start()
  await eventually('ten heartbeats', () => beats(orchestrator).length >= 10)
  expect(told(orchestrator)).toHaveLength(1)
  orchestrator.answers('heartbeat', () => {
    orchestrator.behaves('heartbeat')
    return { body: { status: 'ok', require_full_sync: true } }
  })
  await eventually('it is told again', () => told(orchestrator).length === 2)
  expect(orchestrator.calls('registration')).toHaveLength(2)
})

test('§2.4.11 an nvidia-smi that hangs delays no heartbeat, and is not called a second time', async () => {
  const smi = fakeSmi('exec sleep 60')
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 0.02 })
  holdFigures()
  await worker.start()
  await eventually('it hangs', () => smi.calls().length === 1)
  for (let sample = 0; sample < 3; sample++) {
    const before = beats(orchestrator).length
    vi.advanceTimersByTime(5_000)
    await eventually('heartbeats go on', () => beats(orchestrator).length >= before + 3)
  }
  expect(smi.calls()).toHaveLength(1)
  expect(told(orchestrator).flatMap(gpusOf)).toEqual([])
})

test('§2.4.11 one that fails is said once, and its GPUs are gone', async () => {
  const smi = fakeSmi('echo "0, 37, 10240"')
  const { orchestrator, worker, said, logged } = await setup({ HEARTBEAT_INTERVAL: 0.02 })
  holdFigures()
  await worker.start()
  await eventually('the GPU is told of', () => told(orchestrator).flatMap(gpusOf).length === 1)
  smi.will('echo "NVML: driver mismatch" >&2; exit 9')
  for (let failure = 2; failure < 5; failure++) {
    // One that is still running is not asked: its turn comes with the figures after those.
    await eventually('it is asked again', () => {
      vi.advanceTimersByTime(5_000)
      return smi.calls().length >= failure
    })
  }
  await said('nvidia-smi failed')
  await eventually('the GPU is gone', () => gpusOf(told(orchestrator).at(-1)).length === 0)
  expect(logged('warn')).toHaveLength(1)
})

test('§2.4.11 a machine that can start no other program still sends its heartbeats', async () => {
  // More than any system takes as the beginning of a program: that is refused at once.
  fakeSmi('echo "0, 37, 10240"')
  vi.stubEnv('TOO_LONG', 'x'.repeat(3_000_000))
  const { orchestrator, worker, said } = await setup({ HEARTBEAT_INTERVAL: 0.02 })
  await worker.start()
  expect(gpusOf((await orchestrator.next('heartbeat', isBeat)).body.usage)).toEqual([])
  expect((await said('nvidia-smi failed')).err?.message).toContain('E2BIG')
})

test('§2.4.11 the first generation has no place for it: nothing is measured', async () => {
  const smi = fakeSmi('echo "0, 37, 10240"')
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_PROTOCOL: 'classic', HEARTBEAT_INTERVAL: 0.02 })
  await worker.start()
  await eventually('three heartbeats', () => beats(orchestrator).length >= 3)
  expect(told(orchestrator)).toEqual([])
  expect(smi.calls()).toEqual([])
})

import { describe, expect, it } from 'vitest'
import { hasMoved, readGpus } from '../../../../src/connections/heartbeat/machine-usage.js'

describe('readGpus', () => {
  it('reads what nvidia-smi says', () => {
    expect(readGpus('0, 37, 10240\n1, 0, 3\n')).toEqual([
      { id: '0', loadPercent: 37, memoryUsedGb: 10 },
      { id: '1', loadPercent: 0, memoryUsedGb: 0 },
    ])
  })

  it('reads the temperature if the GPU tells it', () => {
    expect(readGpus('0, 37, 10240, 61\n1, 0, 3, [N/A]\n2, 0, 3, \n')).toEqual([
      { id: '0', loadPercent: 37, memoryUsedGb: 10, temperatureC: 61 },
      { id: '1', loadPercent: 0, memoryUsedGb: 0 },
      { id: '2', loadPercent: 0, memoryUsedGb: 0 },
    ])
  })

  it.each([
    ['nothing', ''],
    ['a GPU that tells no load', '0, [N/A], 3\n'],
    ['words', 'No devices were found\n'],
  ])('leaves out %s', (_, output) => {
    expect(readGpus(output)).toEqual([])
  })
})

describe('hasMoved', () => {
  const gpu = { id: '0', loadPercent: 50, memoryUsedGb: 10 }
  const told = { cpuPercent: 50, ramUsedGb: 10, devices: [gpu] }

  it.each([
    ['nothing', {}, false],
    ['the CPU a little', { cpuPercent: 55 }, false],
    ['the CPU', { cpuPercent: 44.9 }, true],
    ['the memory a little', { ramUsedGb: 10.5 }, false],
    ['the memory', { ramUsedGb: 9.4 }, true],
    ['a GPU a little', { devices: [{ ...gpu, loadPercent: 45, memoryUsedGb: 9.5 }] }, false],
    ['the load of a GPU', { devices: [{ ...gpu, loadPercent: 56 }] }, true],
    ['the memory of a GPU', { devices: [{ ...gpu, memoryUsedGb: 11 }] }, true],
    ['the temperature of a GPU a little', { devices: [{ ...gpu, temperatureC: 5 }] }, false],
    ['the temperature of a GPU', { devices: [{ ...gpu, temperatureC: 60 }] }, true],
    ['to another GPU', { devices: [{ ...gpu, id: '1' }] }, true],
    ['to no GPU', { devices: [] }, true],
    ['to one GPU more', { devices: [gpu, { ...gpu, id: '1' }] }, true],
  ])('sees whether something has: %s', (_, change, moved) => {
    expect(hasMoved(told, { ...told, ...change })).toBe(moved)
  })

  it('knows nothing from nothing', () => {
    const idle = { cpuPercent: 0, ramUsedGb: 0, devices: [{ id: '0', loadPercent: 0, memoryUsedGb: 0 }] }
    expect(hasMoved(idle, idle)).toBe(false)
  })
})

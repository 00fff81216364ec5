import { expect, onTestFinished, test, vi } from 'vitest'
import type { Logger } from '../../../src/utils/logger.js'
import { safeLogger } from '../../../src/utils/safe-logger.js'

const broken: Logger = {
  debug: () => {},
  info: () => {
    throw new Error('the disk is full')
  },
  warn: () => {},
  error: () => {
    throw new Error('the disk is full')
  },
  child: () => broken,
}

test('a logger that throws harms nobody, and is reported once', async () => {
  const warned = vi.fn()
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const log = safeLogger(broken)
  log.info({}, 'one')
  log.error({}, 'two')
  await new Promise((resolve) => setImmediate(resolve))
  expect(warned).toHaveBeenCalledTimes(1)
  expect(warned.mock.calls[0]?.[0].message).toContain('the disk is full')
})

test('a child of a logger that throws harms nobody', () => {
  expect(() => safeLogger(broken).child({ taskId: 't1' }).error({}, 'one')).not.toThrow()
})

test('lines are passed on with their fields', () => {
  const info = vi.fn()
  const logger = { ...broken, info }
  safeLogger(logger).info({ taskId: 't1' }, 'done')
  expect(info).toHaveBeenCalledWith({ taskId: 't1' }, 'done')
})

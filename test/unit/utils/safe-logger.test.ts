import { expect, onTestFinished, test, vi } from 'vitest'
import { type Logger, writesDebug } from '../../../src/utils/logger.js'
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

test('the level of the logger counts at each line, and a logger that cannot tell gets the line', () => {
  let level = 'info'
  const log = safeLogger({ ...broken, isLevelEnabled: (asked: string) => asked === level } as Logger)
  expect(writesDebug(log)).toBe(false)
  level = 'debug'
  expect(writesDebug(log)).toBe(true)
  expect(writesDebug(safeLogger(broken))).toBe(true)
  const throwing = {
    ...broken,
    isLevelEnabled: () => {
      throw new Error('no')
    },
  }
  expect(writesDebug(safeLogger(throwing))).toBe(true)
})

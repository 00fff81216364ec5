import { Worker } from '../../../src/index.js'

/** Run as a process of its own: leaves promises behind that reject, and prints what is told of them. */
const [mode] = process.argv.slice(2)

const rejectSoon = async (why: unknown): Promise<void> => {
  await Promise.resolve()
  throw why
}

const worker = new Worker()
worker.task('stray', ({ why }) => {
  void rejectSoon(new Error(why))
})
worker.task('stray_timer', ({ why }) => {
  setTimeout(() => void rejectSoon(new Error(why)), 1)
})
worker.task('stray_null', () => {
  void rejectSoon(null)
})
worker.task('echo', (params) => ({ data: params }))
const textOf = (reason: unknown) => (reason instanceof Error ? reason.message : String(reason))
worker.on('strayRejection', ({ reason, task }) =>
  console.log(`told: ${textOf(reason)} of ${task?.taskId ?? 'nobody'}`),
)

if (mode === 'listens itself')
  process.on('unhandledRejection', (reason) => console.log(`heard: ${textOf(reason)}`))
if (mode === 'rejects itself') worker.on('registered', () => void rejectSoon(new Error('not a handler')))
await (mode === 'starts only' ? worker.start() : worker.run())

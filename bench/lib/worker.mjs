// @ts-check
/** The package under test, as built: `npm run build` first. Everything else comes from the environment. */
import { Worker } from '../../dist/index.js'

const worker = new Worker()
// A job that tells when it was created learns how long it has waited for its handler.
worker.task('bench', ({ at }) => ({
  status: 'success',
  data: at === undefined ? { n: 1 } : { n: 1, waitedMs: Date.now() - at },
}))
await worker.run()

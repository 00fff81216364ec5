// @ts-check
/** The package under test, as built: `npm run build` first. Everything else comes from the environment. */
import { Worker } from '../../dist/index.js'

const worker = new Worker()
worker.task('bench', () => ({ status: 'success', data: { n: 1 } }))
await worker.run()

import { Worker } from 'avtomatika-worker'

const worker = new Worker()

// #region bigints
worker.task('next_order', { bigints: true }, ({ id }) => ({ next: BigInt(id) + 1n }))
// #endregion

await worker.runWithHealthCheck()

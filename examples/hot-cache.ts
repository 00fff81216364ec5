import { Worker } from 'avtomatika-worker'

// #region hot-cache
const worker = new Worker({
  skillDependencies: { draw: ['painter-v1', 'palette'] },
})

const loaded = new Set<string>()

worker.task('draw', (_params, { addToHotCache }) => {
  for (const model of ['painter-v1', 'palette']) {
    loaded.add(model) // stands for what takes long
    addToHotCache(model) // tasks named "draw" are now sent here first
  }
  return { models: loaded.size }
})
// #endregion

await worker.runWithHealthCheck()

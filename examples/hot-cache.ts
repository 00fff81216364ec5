import { Worker } from 'avtomatika-worker'

// #region hot-cache
const worker = new Worker({
  skillDependencies: { draw: ['painter-v1', 'palette'] },
})

const loaded = new Set<string>()

worker.task('draw', (_params, { addToHotCache }) => {
  for (const model of ['painter-v1', 'palette']) {
    loaded.add(model) // in place of code that loads the model
    addToHotCache(model) // the orchestrator now prefers this worker for "draw"
  }
  return { models: loaded.size }
})
// #endregion

await worker.runWithHealthCheck()

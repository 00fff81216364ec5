import { Worker } from 'avtomatika-worker'

// #region skills
const worker = new Worker({ metadata: { rack: 'b7' } })

const english = { taskType: 'text', version: '2.0', properties: { lang: 'en' } }

worker.task('translate', english, ({ text }) => ({ text: `${text} (in English)` }))
// #endregion

await worker.runWithHealthCheck()

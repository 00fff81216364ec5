import { Worker } from 'avtomatika-worker'
import { pino } from 'pino'

// #region logger
const logger = pino({ name: 'mailer', redact: ['email'] })

const worker = new Worker({ logger })

worker.task('invite', ({ email }, { log }) => {
  log.info({ email }, 'Inviting somebody') // {"taskName":"invite","email":"[Redacted]",…}
  return { invited: true }
})
// #endregion

await worker.runWithHealthCheck()

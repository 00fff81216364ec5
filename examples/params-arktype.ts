import { type } from 'arktype'
import { Worker } from 'avtomatika-worker'

const worker = new Worker()

// #region params
const MailParams = type({
  to: 'string.email[] >= 1',
  subject: "string = '(no subject)'",
})

worker.task('mail', { params: MailParams }, ({ to, subject }) => ({ sent: to.length, subject }))
// #endregion

await worker.runWithHealthCheck()

import { Worker } from 'avtomatika-worker'
import { z } from 'zod'

const worker = new Worker()

// #region params
const MailParams = z.object({
  to: z.array(z.email()).min(1),
  subject: z.string().default('(no subject)'),
})

worker.task('mail', { params: MailParams }, ({ to, subject }) => ({ sent: to.length, subject }))
// #endregion

await worker.runWithHealthCheck()

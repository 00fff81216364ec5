import { Worker } from 'avtomatika-worker'
import * as v from 'valibot'

const worker = new Worker()

// #region params
const MailParams = v.object({
  to: v.pipe(v.array(v.pipe(v.string(), v.email())), v.minLength(1)),
  subject: v.optional(v.string(), '(no subject)'),
})

worker.task('mail', { params: MailParams }, ({ to, subject }) => ({ sent: to.length, subject }))
// #endregion

await worker.runWithHealthCheck()

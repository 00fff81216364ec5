import { Worker } from 'avtomatika-worker'

const worker = new Worker()

// #region params
const MailParams = {
  type: 'object',
  properties: {
    to: { type: 'array', items: { type: 'string', format: 'email' }, minItems: 1 },
    subject: { type: 'string' },
  },
  required: ['to'],
}

worker.task('mail', { params: MailParams }, ({ to, subject = '(no subject)' }) => ({
  sent: to.length,
  subject,
}))
// #endregion

await worker.runWithHealthCheck()

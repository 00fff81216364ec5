import { Worker } from 'avtomatika-worker'

// #region middleware
const worker = new Worker()
  .use(async ({ log }, next) => {
    const startedMs = performance.now()
    try {
      return await next()
    } finally {
      log.info({ ms: performance.now() - startedMs }, 'ran')
    }
  })
  .use<{ tenant: string }>((ctx, next) => next({ tenant: String(ctx.metadata['tenant'] ?? 'none') }))

worker.task('bill', (_params, { tenant }) => ({ data: { tenant } }))
// #endregion

void worker.runWithHealthCheck()

import { type DefinedTask, defineTask, type RawParams, type TaskContext, Worker } from 'avtomatika-worker'
import { z } from 'zod'

/** Compiled by `npm run types`, never run: a handler finds what middleware adds on its context. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

interface Db {
  query(sql: string): Promise<readonly object[]>
}
declare const db: Db

const plain = new Worker().use(async (ctx, next) => {
  same<typeof ctx, TaskContext>(true)
  return next()
})
plain.task('plain', (_params, ctx) => {
  same<typeof ctx, TaskContext>(true)
})

const typed = new Worker()
  .use<{ db: Db }>(async (_ctx, next) => next({ db }))
  .use<{ user: string }>(async (ctx, next) => {
    same<typeof ctx.db, Db>(true)
    return next({ user: String((await ctx.db.query('select 1')).length) })
  })

typed
  .task('raw', (params, { db: found, user, taskId }) => {
    same<typeof params, RawParams>(true)
    same<typeof found, Db>(true)
    same<typeof user, string>(true)
    same<typeof taskId, string>(true)
  })
  .task('zod', { params: z.object({ n: z.coerce.number() }) }, ({ n }, { user }) => ({ data: { n, user } }))

// @ts-expect-error: the middleware has to add what it declares
new Worker().use<{ db: Db }>(async (_ctx, next) => next())
// @ts-expect-error: and with the right type
new Worker().use<{ db: Db }>(async (_ctx, next) => next({ db: 'main' }))
// @ts-expect-error: no middleware adds this member
new Worker().task('none', (_params, { user }) => ({ user }))
// @ts-expect-error: middleware is a function
new Worker().use({})

const bare = defineTask({ name: 'bare', run: (params) => ({ data: params }) })
export const asDefined: DefinedTask = bare
const sized = defineTask({
  name: 'sized',
  params: z.object({ width: z.coerce.number() }),
  run: ({ width }, { signal }) => {
    same<typeof width, number>(true)
    same<typeof signal, AbortSignal>(true)
    return { data: { width } }
  },
})
const needsDb = defineTask({
  name: 'needs-db',
  run: async (_params, ctx: TaskContext & { db: Db }) => ({
    data: { rows: (await ctx.db.query('x')).length },
  }),
})

typed.add(bare, sized, needsDb)
new Worker().add(bare, sized)
// @ts-expect-error: no middleware of this worker adds `db`
new Worker().add(needsDb)
// @ts-expect-error: a name is missing
defineTask({ run: () => {} })
// @ts-expect-error: a schema's output has no such member
defineTask({ name: 'slip', params: z.object({ width: z.number() }), run: ({ height }) => ({ height }) })

// A result has costs and metadata, an error has details.
new Worker().task('full', () => ({ data: {}, costs: { tokens: 7 }, metadata: { seen: true } }))
new Worker().task('failing', () => ({
  status: 'failure',
  error: { code: 'PERMANENT_ERROR', message: '', details: { line: 3 } },
}))

new Worker({
  capacityChecker: (name) => name !== 'big',
  usageChecker: () => ({ cpuPercent: 1, ramUsedGb: 2 }),
})
// @ts-expect-error: a promise is no answer
new Worker({ capacityChecker: async () => true })
// @ts-expect-error: figures are missing
new Worker({ usageChecker: () => ({ cpuPercent: 1 }) })
// @ts-expect-error: no such limit
new Worker().setLimits({ concurrency: 5 })

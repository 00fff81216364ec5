import { type } from 'arktype'
import {
  type HandlerReturn,
  type RawParams,
  type TaskContext,
  type TaskError,
  Worker,
} from 'avtomatika-worker'
import * as v from 'valibot'
import { z } from 'zod'

/** Compiled by `npm run types`, never run: what a handler is given is what its spec makes. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

const worker = new Worker()

worker.task('raw', (params, ctx) => {
  same<typeof params, RawParams>(true)
  same<typeof ctx, TaskContext>(true)
  return { data: { width: params['width'] } }
})

worker.task('raw with options', { taskType: 'gpu' }, (params) => {
  same<typeof params, RawParams>(true)
})

worker.task(
  'zod',
  { params: z.object({ width: z.coerce.number(), fit: z.string().default('cover') }) },
  (params) => {
    same<typeof params, { width: number; fit: string }>(true)
  },
)

worker.task(
  'valibot',
  { params: v.object({ width: v.pipe(v.string(), v.transform(Number)), fit: v.optional(v.string()) }) },
  (params) => {
    same<typeof params.width, number>(true)
    same<typeof params.fit, string | undefined>(true)
  },
)

worker.task('arktype', { params: type({ width: 'number', 'fit?': '"cover" | "fill"' }) }, (params) => {
  same<typeof params.width, number>(true)
  const fit: 'cover' | 'fill' | undefined = params.fit
  return { data: { fit } }
})

class Size {
  readonly width: number
  constructor(params: { width: number }) {
    this.width = params.width
  }
}

worker.task('class', { params: Size, taskType: 'cpu' }, async (params, { signal }) => {
  same<typeof params, Size>(true)
  same<typeof signal, AbortSignal>(true)
  return { status: 'review', data: { width: params.width } }
})

// @ts-expect-error: a schema's output has no such member
worker.task('slip', { params: z.object({ width: z.number() }) }, ({ height }) => ({ height }))
// @ts-expect-error: a text is not a result
worker.task('text', () => 'done')
// @ts-expect-error: a spec is a class or a schema
worker.task('no spec', { params: { width: 'number' } }, () => {})

worker.on('taskFinished', ({ taskName, status, durationMs, error }) => {
  same<typeof taskName, string>(true)
  same<typeof status, string>(true)
  same<typeof durationMs, number>(true)
  same<typeof error, TaskError | undefined>(true)
})

const anyResult: HandlerReturn[] = [
  undefined,
  null,
  {},
  { data: { x: 1 } },
  { status: 'failure', error: { code: 'X', message: '' } },
]
void anyResult

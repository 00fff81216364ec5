import { defineTask, Worker } from 'avtomatika-worker'
import { type ClientJob, JobClient, type JobRef } from 'avtomatika-worker/client'
import { z } from 'zod'

/** Compiled by `npm run types`, never run: jobs have the types of the worker's own tasks. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

const crop = defineTask({
  name: 'crop',
  params: z.object({ width: z.coerce.number().default(320) }),
  run: async ({ width }) => ({ data: { width, at: new Date() } }),
})
const worker = new Worker()
  .task('resize', { params: z.object({ width: z.number() }) }, ({ width }) => ({ height: width }))
  .task('raw', (params) => ({ data: { got: String(params['x']) } }))
  .add(crop)
same<typeof worker.id, string>(true)

declare const options: { url: string; token: string }

export const typed = async () => {
  const client = new JobClient<typeof worker>(options)
  const resized = await client.create('resize', { width: 320 })
  same<typeof resized, JobRef<{ height: number }>>(true)
  const job = await client.wait(resized, { onProgress: ({ fraction }) => console.log(fraction) })
  same<typeof job, ClientJob<{ height: number }>>(true)
  // The input of the schema: the default makes the member optional. JSON makes a text of a date.
  const cropped = await client.wait(await client.create('crop', {}))
  same<typeof cropped.result, { width: number; at: string } | undefined>(true)
  await client.create('raw', { anything: 1 })
  // @ts-expect-error: the worker has no such task
  await client.create('rotate', {})
  // @ts-expect-error: the width is missing
  await client.create('resize', {})
  // @ts-expect-error: the width is a number
  await client.create('resize', { width: '320' })
}

export const typedByCall = async () => {
  const client = new JobClient(options)
  await client.create<typeof worker>('resize', { width: 320 })
  await client.create<typeof crop>('crop', { width: 320 })
  // @ts-expect-error: the width is a number
  await client.create<typeof worker>('resize', { width: '320' })
  // @ts-expect-error: the worker has no such task
  await client.create<typeof worker>('rotate', {})
}

export const untyped = async () => {
  const client = new JobClient(options)
  const { result } = await client.wait(await client.create('anything', { at: 'all' }))
  console.log(result?.['width'])
  // Statements on their own leave no types behind.
  const plain = new Worker()
  plain.task('later', () => ({}))
  await new JobClient<typeof plain>(options).create('later', {})
  // @ts-expect-error: params are an object
  await client.create('anything', 5)
}

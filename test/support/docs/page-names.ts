/**
 * Names that the short examples of a page about members use without declaring them. Such an example shows one call, and its
 * page says what the names are.
 */
export const PAGE_NAMES: Readonly<Record<string, string>> = {
  'docs/reference/context.md': `
    import type { RawParams, TaskContext } from 'avtomatika-worker'
    declare const ctx: TaskContext
    export const { taskId, jobId, taskName, priority, tracingContext, deadline, paramsMetadata, metadata, security } = ctx
    export const { step, depth, parentHash, signal, files, log, progress, emit, addToHotCache, removeFromHotCache } = ctx
    export declare const params: RawParams
    export declare const width: number
    export declare const url: string
    export declare const done: number
    export declare const all: number
    export declare const charge: object
    export declare const stripe: { charges: { create(charge: object, options: { idempotencyKey: string }): Promise<void> } }
    export { createHash } from 'node:crypto'
    export declare const hash: import('node:crypto').Hash
    export declare const response: { readonly body: import('node:stream/web').ReadableStream }
    export { Readable } from 'node:stream'
    export { pipeline } from 'node:stream/promises'
    export { default as sharp } from 'sharp'`,
  'docs/reference/test-kit.md': `
    import { defineTask } from 'avtomatika-worker'
    import { z } from 'zod'
    export { runTask, MemoryStore, TestClock, leakCheck, startOrchestrator } from 'avtomatika-worker/testing'
    export { expect, test } from 'vitest'
    export { readFile } from 'node:fs/promises'
    export declare const bytes: Buffer
    const params = z.object({ width: z.number() })
    export const resize = defineTask({ name: 'resize', params, run: ({ width }) => ({ data: { width } }) })`,
  'docs/reference/tasks.md': `
    export { z } from 'zod'
    export declare const resize: (params: { width: number }) => { width: number }`,
  'docs/reference/worker.md': `
    import { defineTask } from 'avtomatika-worker'
    export const resize = defineTask({ name: 'resize', run: () => ({}) })
    export const crop = defineTask({ name: 'crop', run: () => ({}) })
    export interface Db { query(text: string): Promise<unknown[]> }
    export declare const pool: { connect(): Promise<Db> }
    export declare const reload: (params: unknown) => Promise<void>
    export declare const registry: { metrics(): Promise<string> }
    export declare const app: { get(path: string, answer: () => Promise<string>): void }`,
  'docs/reference/worker-options.md': `
    import type { ObjectStore } from 'avtomatika-worker'
    export declare const gpu: { readonly isFree: boolean }
    export declare const MyStore: new () => ObjectStore`,
  'docs/reference/embedded-orchestrator.md': `
    import { WorkerConfig } from 'avtomatika-worker'
    import { startOrchestrator } from 'avtomatika-worker/dev'
    export const orchestrator = await startOrchestrator()
    export const config = new WorkerConfig({ ORCHESTRATOR_URL: orchestrator.url })
    export { pino } from 'pino'`,
}

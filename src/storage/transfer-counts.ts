import type { ObjectStore } from './object-store.js'

/** The direction of a transfer, as the worker sees it. */
export type Direction = 'download' | 'upload'
export const DIRECTIONS: readonly Direction[] = ['download', 'upload']

/** What was transferred from and to a store. */
export class TransferCounts {
  readonly bytes: Record<Direction, number> = { download: 0, upload: 0 }
  /** Transfers that failed. An aborted task is no failure of its transfers. */
  readonly errors: Record<Direction, number> = { download: 0, upload: 0 }
}

/** Every method of a store, so that the compiler finds a method that is missing here. */
type EveryMethod = { readonly [Method in keyof Required<ObjectStore>]: ObjectStore[Method] }

/** Returns the same store, whose transfers are counted. */
export const countTransfers = (store: ObjectStore, counts: TransferCounts): ObjectStore => {
  const count = async <T extends { readonly size: number }>(
    direction: Direction,
    signal: AbortSignal,
    transfer: Promise<T>,
  ): Promise<T> => {
    try {
      const stored = await transfer
      counts.bytes[direction] += stored.size
      return stored
    } catch (error) {
      if (!signal.aborted) counts.errors[direction]++
      throw error
    }
  }
  const counted: EveryMethod = {
    list: store.list.bind(store),
    stat: store.stat?.bind(store),
    get concern() {
      return store.concern
    },
    download: (from, path, options) => count('download', options.signal, store.download(from, path, options)),
    upload: (path, to, options) => count('upload', options.signal, store.upload(path, to, options)),
  }
  return counted as ObjectStore
}

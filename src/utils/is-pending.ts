/** Returns whether `await` would wait for the value. A function with a `then` counts, too. */
export const isPending = <T>(value: T | Promise<T>): value is Promise<T> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'

/**
 * Returns a handler for `catch` that replaces the error of a missing file.
 *
 * @param instead - what the call stands for if there is no such file; other errors are thrown again
 */
export const ifMissing =
  <T>(instead: T) =>
  (error: unknown): T => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead
    throw error
  }

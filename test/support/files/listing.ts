import { readdir } from 'node:fs/promises'

/** What lies in a folder, without the worker's own markers; nothing where there is no folder. */
export const listing = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => name !== '.avtomatika-worker').sort()

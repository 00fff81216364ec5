import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, link, open, readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** Another living process uses the folder. */
export class FolderInUseError extends Error {}

/** The right to be the only process that works in a folder. It ends with the process, however the process ends. */
export interface Lock {
  /** Does nothing if the lock is released already. */
  release(): Promise<void>
  /** Releases the lock and removes its file. */
  remove(): Promise<void>
}

const NAME = /^lock\.(\d+)$/
/** The longest path of a socket that every system allows, in bytes. */
const LONGEST_PATH = 100
const TRIES = 50

/**
 * Takes the lock of a folder. The lock is a socket in the folder, and only a living process can listen on a socket. A
 * file with a process id could outlive its process, and means nothing in another container that shares the folder. A
 * socket of a dead process is never replaced: the next lock has the next number. If two processes try at once, one of
 * them finds the number taken.
 *
 * @throws FolderInUseError if another process has the lock
 * @throws Error of the file system if the folder cannot contain a socket
 */
export const takeLock = async (folder: string): Promise<Lock> => {
  const paths = await socketPathsIn(folder)
  try {
    return await takeWith(paths)
  } catch (error) {
    await paths.close()
    throw error
  }
}

/** Returns whether a living process has the lock of a folder. Takes nothing. */
export const isLocked = async (folder: string): Promise<boolean> => {
  const paths = await socketPathsIn(folder)
  try {
    const last = Math.max(0, ...(await numbersIn(folder)))
    return last > 0 && (await answers(paths.of(`lock.${last}`)))
  } finally {
    await paths.close()
  }
}

/** The paths under which sockets of a folder are reached. */
interface SocketPaths {
  readonly folder: string
  of(name: string): string
  close(): Promise<void>
}

/** The path of a socket must be short, so a long path is replaced by the open folder's file descriptor. */
const socketPathsIn = async (folder: string): Promise<SocketPaths> => {
  const isLong = Buffer.byteLength(join(folder, 'lock.12345678.new')) > LONGEST_PATH
  const handle = isLong ? await open(folder, 'r') : undefined
  const base = handle ? `/proc/self/fd/${handle.fd}` : folder
  return { folder, of: (name) => join(base, name), close: async () => handle?.close() }
}

const takeWith = async (paths: SocketPaths): Promise<Lock> => {
  const { folder } = paths
  const own = `lock.${randomUUID().slice(0, 8)}.new`
  const server = await listenOn(paths.of(own))
  try {
    await chmod(join(folder, own), 0o600)
    for (let tries = 0; tries < TRIES; tries++) {
      const path = await claim(paths, own)
      if (path !== undefined) return lockOf(server, paths, path)
    }
    throw new Error(`Lock of ${folder} not taken after ${TRIES} tries: other processes try at the same time`)
  } catch (error) {
    await closeServer(server)
    throw error
  } finally {
    // A file that cannot be removed does no harm.
    await rm(join(folder, own), { force: true }).catch(() => {})
  }
}

/** Tries once to take the next number. Returns the path of the lock, or `undefined` if another process was faster. */
const claim = async (paths: SocketPaths, own: string): Promise<string | undefined> => {
  const { folder } = paths
  const last = Math.max(0, ...(await numbersIn(folder)))
  if (last > 0 && (await answers(paths.of(`lock.${last}`))))
    throw new FolderInUseError(`${folder} is in use by another worker`)
  const mine = join(folder, `lock.${last + 1}`)
  if (!(await linked(join(folder, own), mine))) return undefined
  const numbers = await numbersIn(folder)
  if (Math.max(...numbers) > last + 1) {
    // Other processes have taken and released the lock since this one read the numbers.
    await rm(mine, { force: true })
    return undefined
  }
  for (const number of numbers) if (number <= last) await rm(join(folder, `lock.${number}`), { force: true })
  return mine
}

const numbersIn = async (folder: string): Promise<number[]> =>
  (await readdir(folder)).flatMap((name) => {
    const found = NAME.exec(name)
    return found ? [Number(found[1])] : []
  })

const linked = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const listenOn = async (path: string): Promise<Server> => {
  const server = createServer((socket) => socket.destroy())
  server.unref()
  server.listen(path)
  await once(server, 'listening')
  return server
}

/** Whether a process listens on the socket. Any error but a clear refusal counts as yes. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    )
  })

const closeServer = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

const lockOf = (server: Server, paths: SocketPaths, path: string): Lock => {
  const release = async (): Promise<void> => {
    await closeServer(server)
    await paths.close()
  }
  return {
    release,
    remove: async () => {
      await release()
      await rm(path, { force: true })
    },
  }
}

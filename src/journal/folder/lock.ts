import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { link, open, readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** The folder is in use by a process that lives. */
export class FolderInUseError extends Error {}

/** The right to be the only process that works in a folder. It ends with the process, however that ends. */
export interface Lock {
  release(): Promise<void>
  /** Releases it for good: nothing is left of it in the folder. */
  remove(): Promise<void>
}

const NAME = /^lock\.(\d+)$/
/** What the name of a socket may be long; the least of all systems. */
const LONGEST_PATH = 100
const TRIES = 50

/**
 * Takes a folder. The lock is a socket in it that only a living process can listen on: unlike a file with a process id
 * it cannot outlive its owner, and containers that share the folder see it too. A socket that nobody answers for is
 * succeeded by one with the next number, never replaced: of two that try at once, one finds the number taken.
 *
 * @throws FolderInUseError when it is taken
 * @throws Error of the file system where the folder cannot hold a socket
 */
export const takeLock = async (folder: string): Promise<Lock> => {
  const places = await placesIn(folder)
  const own = `lock.${randomUUID().slice(0, 8)}.new`
  const server = await listenOn(places.of(own))
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const path = await claim(places, own)
      if (path !== undefined) return lockOf(server, places, path)
    }
    throw new Error(`no lock could be taken in ${folder}: others keep trying at the same time`)
  } catch (error) {
    await closeServer(server)
    await places.close()
    throw error
  } finally {
    await rm(join(folder, own), { force: true })
  }
}

/** Where sockets are reached: a long path goes by way of the open folder, as a socket's name has to be short. */
interface Places {
  readonly folder: string
  of(name: string): string
  close(): Promise<void>
}

const placesIn = async (folder: string): Promise<Places> => {
  const isLong = Buffer.byteLength(join(folder, 'lock.12345678.new')) > LONGEST_PATH
  const handle = isLong ? await open(folder, 'r') : undefined
  const base = handle ? `/proc/self/fd/${handle.fd}` : folder
  return { folder, of: (name) => join(base, name), close: async () => handle?.close() }
}

/** One try to be the next in number. Gives the path of the lock that was taken. */
const claim = async (places: Places, own: string): Promise<string | undefined> => {
  const { folder } = places
  const last = Math.max(0, ...(await numbersIn(folder)))
  if (last > 0 && (await answers(places.of(`lock.${last}`))))
    throw new FolderInUseError(`${folder} is in use by another process`)
  const mine = join(folder, `lock.${last + 1}`)
  if (!(await linked(join(folder, own), mine))) return undefined
  const numbers = await numbersIn(folder)
  if (Math.max(...numbers) > last + 1) {
    // It was late: others have come and gone since it looked.
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

/** Whether somebody listens there. Whatever is no clear no counts as yes. */
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

const lockOf = (server: Server, places: Places, path: string): Lock => {
  const release = async (): Promise<void> => {
    await closeServer(server)
    await places.close()
  }
  return {
    release,
    remove: async () => {
      await release()
      await rm(path, { force: true })
    },
  }
}

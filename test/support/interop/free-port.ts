import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

// Below the range that systems take for outgoing connections, so that a port stays free while its server restarts.
const LOWEST = 18_000
const HIGHEST = 32_000
const TRIES = 50

/** One file for each port that was given away, for all test processes of this user. */
const CLAIMS = join(tmpdir(), `avtomatika-worker-test-ports-${userInfo().uid}`)
/** Longer than any test uses a port. */
const CLAIM_MS = 3_600_000

/** Claims a port. Minutes may pass before its server listens, and another test must not get the same port meanwhile. */
const claim = (port: number): boolean => {
  const file = join(CLAIMS, String(port))
  const claimed = statSync(file, { throwIfNoEntry: false })
  if (claimed && Date.now() - claimed.mtimeMs < CLAIM_MS) return false
  rmSync(file, { force: true })
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer()
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  )
  server.listen(port, '127.0.0.1')
  const free = await listening
  server.close()
  return free
}

/** A random loopback port that nobody listens on at this moment, and that no other test gets within the next hour. */
export const freePort = async (): Promise<number> => {
  mkdirSync(CLAIMS, { recursive: true })
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (claim(port) && (await isFree(port))) return port
  }
  throw new Error(`no free loopback port in ${TRIES} tries between ${LOWEST} and ${HIGHEST}`)
}

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the range that systems take for outgoing connections, so that a port stays free while its server restarts.
const LOWEST = 18_000
const HIGHEST = 32_000
const TRIES = 50

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

/** A random loopback port that nobody listens on at this moment. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, HIGHEST)
    if (await isFree(port)) return port
  }
  throw new Error(`no free loopback port in ${TRIES} tries between ${LOWEST} and ${HIGHEST}`)
}

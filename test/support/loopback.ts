import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** Every open TCP socket of this process, by `<its port>><the port of its peer>`. */
const open = new Map<string, Socket>()
/** Sockets that are still connecting: they have no port of their own yet. */
const connecting = new Set<Socket>()

const keyOf = ({ localPort, remotePort }: Socket): string => `${localPort}>${remotePort}`

const keep = (socket: Socket): void => {
  const key = keyOf(socket)
  open.set(key, socket)
  socket.once('close', () => open.delete(key))
}

const isOwn = (socket: Socket): boolean => /^(::ffff:)?127\./.test(socket.remoteAddress ?? '')

subscribe('net.server.socket', (message) => keep((message as { socket: Socket }).socket))
subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket }
  connecting.add(socket)
  socket.once('connect', () => isOwn(socket) && keep(socket))
  for (const event of ['connect', 'close']) socket.once(event, () => connecting.delete(socket))
})

/** Whether the peer of each socket has read all that the socket has written, its end included; those that both have ended are over. */
const allIsRead = (): boolean => {
  for (const socket of open.values()) {
    if (socket.readableEnded && socket.writableEnded) continue
    const peer = open.get(`${socket.remotePort}>${socket.localPort}`)
    if (!peer || peer.bytesRead !== socket.bytesWritten) return false
    if (socket.writableEnded && !peer.readableEnded) return false
  }
  return true
}

/** Requests to the operating system whose answers this process waits for: files, connections, names. */
const isAtRest = (): boolean =>
  connecting.size === 0 &&
  allIsRead() &&
  !process.getActiveResourcesInfo().some((name) => /^(FSReq|FileHandleCloseReq|GetAddrInfo)/.test(name))

/** Turns of the event loop in a row in which nothing may happen: what was read leads to something in the next. */
const TURNS = 4
const DEADLINE_MS = 10_000

/**
 * Resolves when nothing is under way within this process, however busy the machine is: no bytes between two of its sockets,
 * no file. Both ends of every connection have to be in this process; a test that moves the clock before that leaves the
 * sockets behind.
 *
 * @throws Error when that does not come true
 */
export const atRest = async (): Promise<void> => {
  const endMs = process.uptime() + DEADLINE_MS / 1_000
  for (let turns = 0; turns < TURNS; turns++) {
    await new Promise(setImmediate)
    if (isAtRest()) continue
    if (process.uptime() > endMs) throw new Error(`not at rest within ${DEADLINE_MS} ms: ${describe()}`)
    turns = -1
  }
}

const describe = (): string => {
  const sockets = [...open].map(
    ([key, { bytesRead, bytesWritten, writableEnded, readableEnded }]) =>
      `${key} read ${bytesRead}${readableEnded ? ' (end)' : ''} wrote ${bytesWritten}${writableEnded ? ' (end)' : ''}`,
  )
  return JSON.stringify({ sockets, connecting: connecting.size, active: process.getActiveResourcesInfo() })
}

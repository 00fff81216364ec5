import { once } from 'node:events'
import { connect } from 'node:net'

const encode = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

/** One command with a one-line answer (status or number), on a connection of its own. */
export const redisCommand = async (port: number, words: readonly string[]): Promise<string> => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  try {
    socket.write(encode(words))
    const [reply] = (await once(socket, 'data')) as [string]
    if (reply.startsWith('-')) throw new Error(`Redis refused ${words.join(' ')}: ${reply.trim()}`)
    return reply.slice(1).trim()
  } finally {
    socket.destroy()
  }
}

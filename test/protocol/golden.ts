import { readFileSync } from 'node:fs'
import type { Generation, WireAnswer, WireRequest } from '../../src/protocol/protocol.js'

/** How one generation writes and reads one kind of exchange: the files of `golden/`. */

export interface GoldenRequest extends Omit<WireRequest, 'body'> {
  readonly body?: unknown
}

export interface GoldenAnswer {
  readonly status: number
  /** The body as JSON, or else … */
  readonly body?: unknown
  /** … as it is. */
  readonly text?: string
  readonly headers?: WireAnswer['headers']
}

/** What reading leads to: a value (`"nothing"` where none is hoped for), or an error. */
export interface GoldenReading {
  readonly gives?: unknown
  readonly throws?: {
    readonly name: string
    readonly code: string
    readonly status?: number
    readonly retryAfterMs?: number
    /** Part of the message. */
    readonly says: string
  }
}

export interface GoldenExchange {
  readonly written: Readonly<Record<string, GoldenRequest>>
  readonly read: Readonly<Record<string, GoldenReading & { readonly answer: GoldenAnswer }>>
}

export interface GoldenSocket {
  readonly path: Readonly<Record<string, string>>
  readonly progress: Readonly<Record<string, unknown>>
  readonly commands: Readonly<Record<string, GoldenReading & { readonly text: string }>>
}

const read = (generation: Generation, name: string): unknown =>
  JSON.parse(readFileSync(new URL(`golden/${generation}/${name}.json`, import.meta.url), 'utf8'))

export const goldenExchange = (
  generation: Generation,
  name: 'registration' | 'heartbeat' | 'poll' | 'result',
): GoldenExchange => read(generation, name) as GoldenExchange

export const goldenSocket = (generation: Generation): GoldenSocket =>
  read(generation, 'socket') as GoldenSocket

export const wireAnswer = ({ status, body, text, headers = {} }: GoldenAnswer): WireAnswer => ({
  status,
  text: text ?? JSON.stringify(body),
  headers,
})

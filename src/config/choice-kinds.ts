import type {
  EventValidation,
  GenerationChoice,
  KeepTaskFiles,
  LogFormat,
  LogLevel,
  OrchestratorMode,
  S3Addressing,
  TraceRelation,
} from '../settings.js'
import { type Kind, REFUSED } from './kind.js'

const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off']

export const flag: Kind<boolean> = {
  expected: 'true or false (also 1, 0, yes, no, on, off)',
  read: (value) => {
    const word = value.toLowerCase()
    return TRUE.includes(word) || (FALSE.includes(word) ? false : value)
  },
  accept: (value) => (typeof value === 'boolean' ? value : REFUSED),
}

/** A flag that code may also set as `'on'` or `'off'`. */
export const onOff: Kind<boolean, boolean | 'on' | 'off'> = {
  ...flag,
  accept: (value) => flag.accept(typeof value === 'string' ? flag.read(value) : value),
}

/** The values of `STRICT_EVENT_VALIDATION`. */
export type EventValidationName = boolean | 'throw'

/** A flag with a third value: an event that is not sent fails the call of `emit`. */
export const eventValidation: Kind<EventValidation, EventValidationName> = {
  expected: `${flag.expected}, or throw`,
  read: (value) => (value.toLowerCase() === 'throw' ? 'throw' : flag.read(value)),
  accept: (value) => (value === 'throw' ? value : flag.accept(value)),
}

/** One of the keys of `meanings`, in any case; settled as the meaning of the key. */
const choice = <Word extends string, Meaning>(
  meanings: Readonly<Record<Word, Meaning>>,
): Kind<Meaning, Word> => {
  const words = Object.keys(meanings) as Word[]
  const find = (value: string) => words.find((word) => word.toLowerCase() === value.toLowerCase())
  return {
    expected: `one of ${words.join(', ')}`,
    read: (value) => find(value) ?? value,
    accept: (value) => {
      const word = typeof value === 'string' ? find(value) : undefined
      return word === undefined ? REFUSED : meanings[word]
    },
  }
}

/** The use of several orchestrators. */
export type OrchestratorModeName = 'FAILOVER' | 'ROUND_ROBIN' | 'WATERFALL'

export const orchestratorMode: Kind<OrchestratorMode, OrchestratorModeName> = choice({
  FAILOVER: 'failover',
  ROUND_ROBIN: 'round-robin',
  WATERFALL: 'waterfall',
})

/** The generations of the wire protocol. `auto` detects the generation of the orchestrator. */
export type GenerationName = 'auto' | 'classic' | 'rxon'

export const generation: Kind<GenerationChoice, GenerationName> = choice({
  auto: 'auto',
  classic: 'classic',
  rxon: 'rxon',
})

/** The values of `LOG_LEVEL`. `warning` means `warn`, `critical` means `fatal`. */
export type LogLevelName =
  | 'trace'
  | 'debug'
  | 'info'
  | 'warn'
  | 'warning'
  | 'error'
  | 'fatal'
  | 'critical'
  | 'silent'

export const logLevel: Kind<LogLevel, LogLevelName> = choice({
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  critical: 'fatal',
  silent: 'silent',
})

/** The values of `LOG_FORMAT`. `text` means `pretty`. */
export type LogFormatName = 'auto' | 'json' | 'pretty' | 'text'

export const logFormat: Kind<LogFormat, LogFormatName> = choice({
  auto: 'auto',
  json: 'json',
  pretty: 'pretty',
  text: 'pretty',
})

/** The task directories that are kept: none, those of failed tasks, or all. */
export type KeepTaskFilesName = 'never' | 'on-failure' | 'always'

export const keepTaskFiles: Kind<KeepTaskFiles, KeepTaskFilesName> = choice({
  never: 'never',
  'on-failure': 'on-failure',
  always: 'always',
})

/** The relation of the spans of a task to the trace of its job. */
export type TraceRelationName = 'parent' | 'link' | 'off'

export const trace: Kind<TraceRelation, TraceRelationName> = choice({
  parent: 'parent',
  link: 'link',
  off: 'off',
})

/** The place of the bucket name in requests to the store. `auto` follows the store. */
export type S3AddressingName = 'auto' | 'path' | 'virtual'

export const s3Addressing: Kind<S3Addressing, S3AddressingName> = choice({
  auto: 'auto',
  path: 'path',
  virtual: 'virtual',
})

/** Settled as "sync each entry": `always` is true. */
export const journalSync: Kind<boolean, 'always' | 'never'> = choice({ always: true, never: false })

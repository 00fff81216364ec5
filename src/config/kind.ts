/** The result of {@link Kind.accept} for a value that is not accepted. */
export const REFUSED = Symbol('refused')

/**
 * One kind of value, such as a port: how the text of a variable is read, and which values are accepted.
 * `Settled` is the type of the setting, `Value` the type of the attribute of `WorkerConfig`.
 */
export interface Kind<Settled, Value = Settled> {
  /** The accepted values, in words that follow "expected". */
  readonly expected: string
  readonly unit?: 's' | 'GB' | 'bytes' | 'JSON'
  /** The part of a value that is never printed: all of it, or the credentials in a URL. */
  readonly hides?: 'all' | 'credentials'
  /** Never set. It makes `Value` part of the type. */
  readonly value?: Value
  /** Converts the text of a variable; returns the text itself if that is impossible. */
  read(text: string): unknown
  /** Checks a value and converts it into the setting (ms, lower case, a copy). */
  accept(value: unknown): Settled | typeof REFUSED
}

/** The same kind, but `undefined` stands for "not set". */
export const optional = <Settled, Value>(
  kind: Kind<Settled, Value>,
): Kind<Settled | undefined, Value | undefined> => ({
  ...kind,
  accept: (value) => (value === undefined ? undefined : kind.accept(value)),
})

/** What {@link Kind.accept} gives for a value that does not fit. */
export const REFUSED = Symbol('refused')

/** One sort of value: how a variable's text is read, and which values are accepted as what. */
export interface Kind<Settled> {
  /** What is accepted, in words that follow "expected". */
  readonly expected: string
  /** What must not be shown of a value: all of it, or the credentials of a URL. */
  readonly hides?: 'all' | 'credentials'
  /** The value a variable's text stands for; the text itself when it stands for none. */
  readonly read: (text: string) => unknown
  /** The value as the worker uses it (ms, lower case, a copy), or {@link REFUSED}. */
  readonly accept: (value: unknown) => Settled | typeof REFUSED
}

/** The same kind, where `undefined` stands for "not set". */
export const optional = <Settled>(kind: Kind<Settled>): Kind<Settled | undefined> => ({
  ...kind,
  accept: (value) => (value === undefined ? undefined : kind.accept(value)),
})

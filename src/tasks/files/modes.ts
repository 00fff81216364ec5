/** A file mode without `b`, as in Node. */
export type OpenMode = 'r' | 'r+' | 'w' | 'w+' | 'wx' | 'a' | 'a+'

/** A file mode as in Python: an {@link OpenMode}, or one with `b` for bytes instead of text. */
export type FileMode = OpenMode | `${OpenMode}b` | 'rb+' | 'wb+' | 'ab+'

const FLAGS: readonly string[] = ['r', 'r+', 'w', 'w+', 'wx', 'a', 'a+'] satisfies OpenMode[]

/** Returns the mode without its `b`. @throws TypeError if the mode is not allowed */
export const flagsOf = (mode: FileMode, allowed: readonly string[] = FLAGS): OpenMode => {
  const flags = String(mode).replace('b', '')
  if (allowed.includes(flags)) return flags as OpenMode
  throw new TypeError(`Invalid file mode "${mode}": use ${allowed.join(', ')}, with or without b`)
}

/** Returns whether a mode creates a missing file. */
export const createsFile = (flags: OpenMode): boolean => !flags.startsWith('r')

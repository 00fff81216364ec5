/** How a file is opened: as in Node and in Python, `b` for bytes instead of text. */
export type OpenMode = 'r' | 'r+' | 'w' | 'w+' | 'wx' | 'a' | 'a+'

/** {@link OpenMode}, with or without `b`. */
export type FileMode = OpenMode | `${OpenMode}b` | 'rb+' | 'wb+' | 'ab+'

const FLAGS: readonly string[] = ['r', 'r+', 'w', 'w+', 'wx', 'a', 'a+'] satisfies OpenMode[]

/** @throws TypeError when there is no such mode */
export const flagsOf = (mode: FileMode, allowed: readonly string[] = FLAGS): OpenMode => {
  const flags = String(mode).replace('b', '')
  if (allowed.includes(flags)) return flags as OpenMode
  throw new TypeError(
    `There is no file mode "${mode}" here: expected one of ${allowed.join(', ')}, or with b`,
  )
}

/** Whether opening may bring a file into being. */
export const makesFile = (flags: OpenMode): boolean => !flags.startsWith('r')

import { isIP } from 'node:net'
import { type Kind, REFUSED } from './kind.js'

const textual = (expected: string, fits: (text: string) => boolean): Kind<string> => ({
  expected,
  read: (value) => value,
  accept: (value) => (typeof value === 'string' && fits(value) ? value : REFUSED),
})

/** Any text that says something. */
export const text: Kind<string> = textual(
  'a text, not empty, without control characters',
  (value) => value.trim() !== '' && !/\p{Cc}/u.test(value),
)

/** A name that is one segment of a path: `.` and `..` would climb it. */
export const workerId: Kind<string> = textual(
  '1 to 128 characters out of A-Z a-z 0-9 _ . : -, other than "." and ".."',
  (value) => /^(?!\.{1,2}$)[\w.:-]{1,128}$/.test(value),
)

/** A bucket's name, wide enough for stores older than today's rules. */
export const bucket: Kind<string> = textual("a bucket's name, characters out of A-Z a-z 0-9 . _ -", (value) =>
  /^[\w.-]{1,255}$/.test(value),
)

/** The beginning of an object's key: folders, without the slash at their end. */
export const keyPrefix: Kind<string> = {
  ...textual(
    'a folder in a bucket, up to 500 characters without control characters, "." and ".."',
    (value) => /^[^\p{Cc}]{1,500}$/u.test(value) && !/(^|\/)(\.{0,2})(\/|$)/.test(value.replace(/\/$/, '')),
  ),
}

/** A directory's path. */
export const directory: Kind<string> = textual(
  'the path of a directory, not empty',
  (value) => value.trim() !== '' && !value.includes('\0'),
)

/** A file's path. */
export const file: Kind<string> = textual(
  'the path of a file, not empty',
  (value) => value.trim() !== '' && !value.includes('\0'),
)

/** An IPv4 or IPv6 address. */
export const ipAddress: Kind<string> = textual('an IP address', (value) => isIP(value) !== 0)

/** What can be sent in a header and must not be shown. */
export const secret: Kind<string> = {
  ...textual('a token or key of visible ASCII characters, not empty', (value) =>
    /^[!-~](?:[ -~]*[!-~])?$/.test(value),
  ),
  hides: 'all',
}

const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off']

/** Yes or no. */
export const flag: Kind<boolean> = {
  expected: 'true or false (also 1, 0, yes, no, on, off)',
  read: (value) => {
    const word = value.toLowerCase()
    return TRUE.includes(word) || (FALSE.includes(word) ? false : value)
  },
  accept: (value) => (typeof value === 'boolean' ? value : REFUSED),
}

/** One of the keys of `meanings`, in any case; settled as what the key means. */
export const choice = <Meaning>(meanings: Readonly<Record<string, Meaning>>): Kind<Meaning> => {
  const words = Object.keys(meanings)
  const find = (value: string) => words.find((word) => word.toLowerCase() === value.toLowerCase())
  return {
    expected: `one of ${words.join(', ')}`,
    read: (value) => find(value) ?? value,
    accept: (value) => {
      const word = typeof value === 'string' ? find(value) : undefined
      return word === undefined ? REFUSED : (meanings[word] as Meaning)
    },
  }
}

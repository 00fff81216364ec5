import { isIP } from 'node:net'
import { type Kind, REFUSED } from './kind.js'

const textual = (expected: string, fits: (text: string) => boolean): Kind<string> => ({
  expected,
  read: (value) => value,
  accept: (value) => (typeof value === 'string' && fits(value) ? value : REFUSED),
})

export const text: Kind<string> = textual(
  'a text, not empty, without control characters',
  (value) => value.trim() !== '' && !/\p{Cc}/u.test(value),
)

/** A name that is one segment of a path, so "." and ".." are refused. */
export const workerId: Kind<string> = textual(
  '1 to 128 characters out of A-Z a-z 0-9 _ . : -, other than "." and ".."',
  (value) => /^(?!\.{1,2}$)[\w.:-]{1,128}$/.test(value),
)

/** Looser than the rules of AWS, because old buckets and other stores have such names. */
export const bucket: Kind<string> = textual("a bucket's name, characters out of A-Z a-z 0-9 . _ -", (value) =>
  /^[\w.-]{1,255}$/.test(value),
)

const folder = textual(
  'a folder in a bucket, up to 500 characters without control characters, "." and ".."',
  (value) => /^[^\p{Cc}]{1,500}$/u.test(value) && !/(^|\/)(\.{0,2})(\/|$)/.test(value.replace(/\/$/, '')),
)

/** A folder in a bucket, settled as the first part of a key: empty, or with a slash at its end. */
export const keyPrefix: Kind<string, string | undefined> = {
  ...folder,
  accept: (value) => {
    if (value === undefined) return ''
    const accepted = folder.accept(value)
    return accepted === REFUSED ? REFUSED : `${accepted.replace(/\/$/, '')}/`
  },
}

const path = (what: string): Kind<string> =>
  textual(`the path of a ${what}, not empty`, (value) => value.trim() !== '' && !value.includes('\0'))

export const directory: Kind<string> = path('directory')

export const file: Kind<string> = path('file')

export const ipAddress: Kind<string> = textual('an IP address', (value) => isIP(value) !== 0)

/** A text that fits into an HTTP header and is never printed. */
export const secret: Kind<string> = {
  ...textual('a token or key of visible ASCII characters, not empty', (value) =>
    /^[!-~](?:[ -~]*[!-~])?$/.test(value),
  ),
  hides: 'all',
}

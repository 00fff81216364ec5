/**
 * Decodes a body. Servers send UTF-8, with or without a byte order mark. A mark of UTF-16 is honored too. The mark is not
 * part of the text.
 */
export const textOf = (body: Buffer): string => {
  // JSON begins with an ASCII character, so one comparison decides for almost all bodies.
  const [first = 0, second] = body
  if (first < 0xef) return body.toString('utf8')
  return new TextDecoder(encodingOf(first, second)).decode(body)
}

const encodingOf = (first: number, second: number | undefined): string => {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

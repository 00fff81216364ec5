/** Returns a text with its percent-encoded bytes decoded; unchanged if they are no text. */
const decodePart = (encoded: string): string => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

/**
 * Decodes a key of a listing with `EncodingType` `url`. A plus stands for a space there. A percent sign without two
 * hexadecimal digits stays: some stores encode only a part of the characters. Pure.
 */
export const decodeKey = (encoded: string): string =>
  encoded.replaceAll('+', ' ').replace(/(?:%[\da-f]{2})+/gi, decodePart)

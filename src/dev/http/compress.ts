import zlib from 'node:zlib'

/** Shorter responses are not compressed, in bytes. */
const MIN_BYTES = 500

interface Compressed {
  readonly encoding: 'zstd' | 'gzip'
  readonly body: Buffer
}

/** Compresses a text in a way that the client accepts: zstd if this Node has it, else gzip. */
export const pack = (text: string, byteLength: number, acceptEncoding = ''): Compressed | undefined => {
  if (byteLength < MIN_BYTES) return undefined
  const accepted = acceptEncoding.toLowerCase()
  // Missing before Node 22.15, although the types declare it.
  const zstd = (zlib as { zstdCompressSync?: (input: string) => Buffer }).zstdCompressSync
  if (zstd && accepted.includes('zstd')) return { encoding: 'zstd', body: zstd(text) }
  if (accepted.includes('gzip')) return { encoding: 'gzip', body: zlib.gzipSync(text) }
  return undefined
}

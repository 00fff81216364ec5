import zlib from 'node:zlib'

/** Shorter answers go as they are. */
const MIN_BYTES = 500

interface Packed {
  readonly encoding: 'zstd' | 'gzip'
  readonly body: Buffer
}

/** Packs a text the way the client accepts it: zstd first, where this Node has it, then gzip. */
export const pack = (text: string, byteLength: number, acceptEncoding = ''): Packed | undefined => {
  if (byteLength < MIN_BYTES) return undefined
  const accepted = acceptEncoding.toLowerCase()
  // Missing before Node 22.15, whatever the types say.
  const zstd = (zlib as { zstdCompressSync?: (input: string) => Buffer }).zstdCompressSync
  if (zstd && accepted.includes('zstd')) return { encoding: 'zstd', body: zstd(text) }
  if (accepted.includes('gzip')) return { encoding: 'gzip', body: zlib.gzipSync(text) }
  return undefined
}

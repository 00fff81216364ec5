import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

const FOLDER = new URL('../page/', import.meta.url)

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}

/** A file of the page, ready to be sent. */
export interface PageFile {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly gzip: Buffer
}

/** The files of the page by their paths. They are read once, at the first request. */
export class PageFiles {
  #files: Promise<ReadonlyMap<string, PageFile>> | undefined

  /** Returns the file with this path below the folder of the page, or `undefined` if there is none. */
  async get(path: string): Promise<PageFile | undefined> {
    this.#files ??= readAll()
    return (await this.#files).get(path)
  }
}

const readAll = async (): Promise<ReadonlyMap<string, PageFile>> => {
  const paths = (await readdir(FOLDER, { recursive: true })).map((path) => path.replaceAll('\\', '/'))
  const files = paths.map(async (path): Promise<[string, PageFile][]> => {
    const type = TYPES[/\.(\w+)$/.exec(path)?.[1] ?? '']
    if (type === undefined) return []
    const plain = await readFile(new URL(path, FOLDER))
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
    return [[path, { type, etag, plain, gzip: gzipSync(plain) }]]
  })
  return new Map((await Promise.all(files)).flat())
}

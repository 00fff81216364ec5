import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ObjectStore } from 'avtomatika-worker'
import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidInputError, TransientError } from '../../src/errors.js'
import { fileWorker } from '../support/files/file-worker.js'
import { lowDice } from '../support/low-dice.js'
import type { Exchange } from '../support/s3/own-s3.js'
import { storeOf } from '../support/s3/store-of.js'

beforeEach(lowDice)

/** A page of a listing. */
interface Page {
  readonly keys?: readonly string[]
  readonly isTruncated?: boolean
  readonly token?: string
  readonly encoding?: string
}

const xmlOf = ({ keys = [], isTruncated, token, encoding }: Page): string => {
  const entries = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`)
  const truncated = isTruncated === undefined ? '' : `<IsTruncated>${isTruncated}</IsTruncated>`
  const next = token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`
  const type = encoding === undefined ? '' : `<EncodingType>${encoding}</EncodingType>`
  return `<ListBucketResult>${truncated}${next}${type}${entries.join('')}</ListBucketResult>`
}

/** Lists `d/` in a store that answers as the function says. */
const listed = async (answer: (exchange: Exchange) => string) => {
  const { s3, store, signal } = await storeOf()
  s3.answerInstead = (exchange) => {
    exchange.response.writeHead(200, { 'content-type': 'application/xml' }).end(answer(exchange))
    return true
  }
  const keys: string[] = []
  const list = async () => {
    for await (const { key } of store.list('b', 'd/', { signal })) keys.push(key)
  }
  const error = await list().catch((thrown: unknown) => thrown)
  return { keys, error: error as Error | undefined, queries: s3.requests.map(({ query }) => query) }
}

/** Lists in a store that sends pages in turn, the last one for ever. */
const inTurn = (...pages: readonly Page[]) =>
  listed(({ number }) => xmlOf(pages[Math.min(number, pages.length) - 1] as Page))

const MORE = { isTruncated: true } as const
const END = { isTruncated: false } as const

describe('a listing that is truncated without a new token', () => {
  it.each<[string, Page]>([
    ['none', MORE],
    ['an empty one', { ...MORE, token: '' }],
  ])('goes on after the last key: %s', async (_, page) => {
    const { keys, error, queries } = await inTurn(
      { ...page, keys: ['d/1', 'd/2'] },
      { ...page, keys: ['d/3'] },
      { ...END, keys: ['d/4'] },
    )
    expect(error).toBeUndefined()
    expect(keys).toEqual(['d/1', 'd/2', 'd/3', 'd/4'])
    expect(queries.map((query) => query.get('start-after'))).toEqual([null, 'd/2', 'd/3'])
    expect(queries.every((query) => !query.has('continuation-token'))).toBe(true)
  })

  it('goes on after the last key when the same token brought nothing new', async () => {
    const page = { ...MORE, token: 'same' }
    const { keys, error, queries } = await listed(({ seen: { query } }) =>
      xmlOf(query.has('start-after') ? { ...END, keys: ['d/2'] } : { ...page, keys: ['d/1'] }),
    )
    expect(error).toBeUndefined()
    expect(keys).toEqual(['d/1', 'd/2'])
    expect(queries).toHaveLength(3)
  })

  it('passes over tokens that do not work, from then on', async () => {
    const { keys, queries } = await listed(({ seen: { query } }) => {
      const number = Number(query.get('start-after')?.slice(2) ?? 0) + 1
      return xmlOf({ isTruncated: number < 5, token: 'same', keys: [`d/${number}`] })
    })
    expect(keys).toEqual(['d/1', 'd/2', 'd/3', 'd/4', 'd/5'])
    expect(queries).toHaveLength(6)
  })

  it.each<[string, number, string, readonly Page[]]>([
    ['has no key to go on after', 1, 'no continuation token', [MORE]],
    ['does not go on after the last key', 2, 'no continuation token', [{ ...MORE, keys: ['d/1', 'd/2'] }]],
    ['repeats an empty page', 2, 'the same continuation token again', [{ ...MORE, token: 'same' }]],
    ['repeats a page', 3, 'the same continuation token again', [{ ...MORE, token: 'same', keys: ['d/1'] }]],
  ])('is an error where the store %s', async (_, requests, what, pages) => {
    const { error, queries } = await inTurn(...pages)
    expect(error).toBeInstanceOf(TransientError)
    expect(error?.message).toBe(
      `s3://b/d/ cannot be listed: the list is truncated, but the store sends ${what}`,
    )
    expect(queries).toHaveLength(requests)
  })
})

it('a token that stays the same is no flaw while the pages go on', async () => {
  const page = { ...MORE, token: 'cursor' }
  const { keys } = await inTurn(
    { ...page, keys: ['d/1'] },
    { ...page, keys: ['d/2'] },
    { ...page, keys: ['d/3'] },
    { ...END, keys: ['d/4'] },
  )
  expect(keys).toEqual(['d/1', 'd/2', 'd/3', 'd/4'])
})

describe('pages without a new object', () => {
  it('are passed over', async () => {
    const { keys, error } = await listed(({ number }) =>
      xmlOf(number === 100 ? { ...END, keys: ['d/1'] } : { ...MORE, token: `${number}` }),
    )
    expect(error).toBeUndefined()
    expect(keys).toEqual(['d/1'])
  })

  it.each<[string, (number: number) => Page]>([
    ['empty', (number) => ({ ...MORE, token: `${number}` })],
    ['the same two in turn', (number) => ({ ...MORE, token: `${number % 2}`, keys: [`d/${number % 2}`] })],
  ])('are an error when they have no end: %s', async (_, page) => {
    const { error, queries } = await listed(({ number }) => xmlOf(page(number)))
    expect(error).toBeInstanceOf(TransientError)
    expect(error?.message).toBe('s3://b/d/ cannot be listed: 101 pages in a row have no new object')
    expect(queries.length).toBeLessThan(110)
  })
})

it('objects that are listed twice, in another order or from elsewhere come once', async () => {
  const { keys } = await inTurn(
    { ...MORE, token: '1', keys: ['d/3', 'd/1', 'other', 'd/3'] },
    { ...END, keys: ['d/1', 'd/2', 'e/4', 'd/3'] },
  )
  expect(keys).toEqual(['d/3', 'd/1', 'd/2'])
})

it.each([
  '<html><body>Sign in</body></html>',
  '<Error><Code>InternalError</Code></Error>\n',
  '<ListBucketResult></ListBucketResult>',
  '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents></ListBucketResult>',
  '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>d/1</Key>',
  '',
])('a response that is no listing is no empty folder: %s', async (text) => {
  const { keys, error } = await listed(() => text)
  expect(error).toBeInstanceOf(TransientError)
  expect(error?.message).toContain('s3://b/d/ cannot be listed')
  expect(keys).toEqual([])
})

it('a listing that does not say whether it is truncated ends without a token', async () => {
  const { keys, error } = await inTurn({ token: '1', keys: ['d/1'] }, { keys: ['d/2'] })
  expect(error).toBeUndefined()
  expect(keys).toEqual(['d/1', 'd/2'])
})

describe('keys that XML cannot hold', () => {
  const ODD = ['d/\u0001', 'd/a\rb', 'd/ \n', 'd/a+b c', 'd/100%', 'd/\uFFFE', 'd/🎨']

  it.each<[string, (key: string) => string]>([
    ['as AWS', (key) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')],
    ['as others', encodeURIComponent],
  ])('arrive when they are encoded: %s', async (_, encode) => {
    const { keys, queries } = await inTurn({ ...END, encoding: 'url', keys: ODD.map(encode) })
    expect(keys).toEqual(ODD)
    expect(queries[0]?.get('encoding-type')).toBe('url')
  })

  it('stay as they are where the store does not say that it encodes', async () => {
    const plain = ['d/a+b', 'd/a%20b', 'd/100%']
    expect((await inTurn({ ...END, keys: plain })).keys).toEqual(plain)
  })

  it.each([400, 501])(
    'are asked for without an encoding where the store answers %i to it',
    async (status) => {
      const { s3, store, signal } = await storeOf()
      for (let index = 0; index < 1_200; index++) s3.objects.set(`d/${index}`, Buffer.from('x'))
      s3.answerInstead = ({ seen, response }) => {
        if (!seen.query.has('encoding-type')) return false
        response.writeHead(status).end('<Error><Code>InvalidArgument</Code></Error>')
        return true
      }
      let count = 0
      for await (const _ of store.list('b', 'd/', { signal })) count++
      expect(count).toBe(1_200)
      expect(s3.requests).toHaveLength(3)
    },
  )

  it('stay where they are no code', async () => {
    const { keys } = await inTurn({ ...END, encoding: 'url', keys: ['d/100%', 'd/%ff%41', 'd/%41'] })
    expect(keys).toEqual(['d/100%', 'd/%ff%41', 'd/A'])
  })

  it('are asked for as they are, after a page that ends with one', async () => {
    const { queries } = await inTurn({ ...MORE, encoding: 'url', keys: ['d/%01%2B'] }, END)
    expect(queries[1]?.get('start-after')).toBe('d/\u0001+')
  })
})

describe('a folder in the params', () => {
  const run = async (objectStore: ObjectStore) => {
    const worker = await fileWorker({
      objectStore,
      tasks: (each) =>
        each.task('t', async ({ folder }) => ({ data: { names: (await readdir(folder)).sort() } })),
    })
    const codes: unknown[] = []
    worker.worker.on('taskFinished', ({ error }) => codes.push(error?.code))
    return { ...worker, codes, job: await worker.run('t', { folder: 's3://b/d/' }) }
  }

  it('with an object that is gone meanwhile fails as something that may pass', async () => {
    const { job, codes } = await run({
      async *list() {
        yield { key: 'd/1', size: 1 }
      },
      download: async () => {
        throw new InvalidInputError('s3://b/d/1 cannot be downloaded: NoSuchKey: 404')
      },
      upload: async () => ({ size: 0 }),
    })
    expect(job.errorMessage).toContain(
      's3://b/d/1 cannot be downloaded: NoSuchKey: 404 (the store has listed it: it was deleted since, or has another name)',
    )
    expect(codes).toEqual(['TRANSIENT_ERROR'])
  })

  it('with content in the object of a folder says that it is not there', async () => {
    const { s3, store } = await storeOf()
    s3.objects.set('d/', Buffer.from('placeholder'))
    s3.objects.set('d/sub/', Buffer.from('also'))
    s3.objects.set('d/empty/', Buffer.from(''))
    s3.objects.set('d/a', Buffer.from('a'))
    const { job, logged } = await run(store)
    expect(job.history).toEqual({ names: ['a', 'empty', 'sub'] })
    const warnings = logged.map((line) => JSON.parse(line)).filter(({ uri }) => uri !== undefined)
    expect(warnings.map(({ uri, size, level }) => [uri, size, level]).sort()).toEqual([
      ['s3://b/d/', 11, 40],
      ['s3://b/d/sub/', 4, 40],
    ])
    expect(warnings[0]?.msg).toMatch(/^Object not downloaded: its key ends with a slash/)
  })

  it('with odd names arrives whole', async () => {
    const { s3, store, folder } = await storeOf()
    const odd = ['d/\u0001\u001f', 'd/a\rb\nc', 'd/ ']
    for (const key of odd) s3.objects.set(key, Buffer.from(key))
    s3.answerInstead = ({ seen, response }) => {
      if (seen.key !== '') return false
      response.end(xmlOf({ ...END, encoding: 'url', keys: odd.map(encodeURIComponent) }))
      return true
    }
    const { signal } = new AbortController()
    for await (const { key } of store.list('b', 'd/', { signal }))
      await store.download({ bucket: 'b', key }, join(folder, key.slice(2)), { signal })
    for (const key of odd) expect(await readFile(join(folder, key.slice(2)), 'utf8')).toBe(key)
  })
})

import { createHash, randomBytes } from 'node:crypto'
import dns from 'node:dns'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { PermanentError } from '../../src/errors.js'
import type { S3Addressing } from '../../src/settings.js'
import type { S3Access } from '../../src/storage/s3-client.js'
import { S3Store } from '../../src/storage/s3-store.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { linesOf } from '../support/log-lines.js'
import { lowDice } from '../support/low-dice.js'
import { type Fault, LONG_NAME, type Seen, startOwnS3 } from '../support/s3/own-s3.js'

const MB = 1_048_576

/** The answer of a store that refuses a request, with the words of that store. */
const refusal = (status: number, code: string, message = '', extra: object = {}): Fault => ({
  kind: 'status',
  status,
  code,
  message,
  ...extra,
})

const setUp = async (rule: (seen: Seen) => Fault | undefined, access: Partial<S3Access> = {}) => {
  lowDice()
  const s3 = await startOwnS3()
  s3.fault = rule
  const { logger, lines } = linesOf()
  const settings = { accessKey: 'a', secretKey: 's', maxConcurrency: 8, retryMaxMs: 0, ...access }
  const store = new S3Store({ endpointUrl: s3.url, ...settings }, logger)
  const folder = await temporaryFolder()
  const { signal } = new AbortController()
  let files = 0
  const path = () => join(folder, `${files++}`)
  const download = async (key = 'k', bucket = 'b') => {
    const to = path()
    await store.download({ bucket, key }, to, { signal })
    return readFile(to)
  }
  const upload = async (bytes: number, key = 'k') => {
    const from = path()
    const content = randomBytes(bytes)
    await writeFile(from, content)
    await store.upload(from, { bucket: 'b', key }, { signal })
    return content
  }
  return { s3, store, lines, download, upload, signal }
}

/** Uploads a small file and one in parts, and downloads both. */
const roundTrips = async ({ download, upload }: Awaited<ReturnType<typeof setUp>>) => {
  for (const bytes of [1_000, 9 * MB]) {
    const content = await upload(bytes)
    expect((await download()).equals(content)).toBe(true)
  }
}

const hasHeader = (name: string, { headers }: Seen) => headers[name] !== undefined

describe('a store that refuses a header is asked without it, and the worker remembers that', () => {
  it.each([
    ['x-amz-checksum-mode', 'GET', 'InvalidArgument', "Unsupported header 'x-amz-checksum-mode' received"],
    ['x-amz-checksum-algorithm', 'POST', 'NotImplemented', 'x-amz-checksum-algorithm is not implemented'],
    ['x-amz-checksum-type', 'POST', 'InvalidRequest', 'Unknown header: X-Amz-Checksum-Type'],
    ['x-amz-checksum-crc32', 'PUT', 'InvalidArgument', 'x-amz-checksum-crc32?'],
    ['amz-sdk-request', 'GET', 'InvalidArgument', 'header amz-sdk-request is not allowed'],
    ['x-amz-user-agent', 'PUT', 'BadRequest', ''],
    ['x-amz-checksum-mode', 'GET', '', ''],
    ['amz-sdk-invocation-id', 'HEAD', '', ''],
  ])('%s (%s, code "%s", "%s")', async (header, method, code, message) => {
    const status = code === 'NotImplemented' ? 501 : 400
    const setup = await setUp((seen) =>
      seen.method === method && hasHeader(header, seen) ? refusal(status, code, message) : undefined,
    )
    await roundTrips(setup)
    const { signal } = setup
    const size = 9 * MB
    expect(await setup.store.stat({ bucket: 'b', key: 'k' }, { signal })).toMatchObject({ size })
    const { requests } = setup.s3
    const before = requests.length
    await roundTrips(setup)
    await setup.store.stat({ bucket: 'b', key: 'k' }, { signal })
    expect(requests.slice(before).filter((seen) => hasHeader(header, seen))).toEqual([])
    expect(setup.lines.all.some(({ message: line }) => line.includes('refuses headers'))).toBe(true)
  })

  it('also if several headers are refused, one after another', async () => {
    const refused = ['x-amz-checksum-mode', 'amz-sdk-request', 'amz-sdk-invocation-id']
    const setup = await setUp((seen) => {
      const found = refused.find((header) => hasHeader(header, seen))
      return found === undefined ? undefined : refusal(400, 'InvalidArgument', `no ${found}`)
    })
    await roundTrips(setup)
  })

  it('a refusal for another reason stays the error, and no header is left out later', async () => {
    const rule = vi.fn((seen: Seen) =>
      seen.key === 'bad' ? refusal(400, 'InvalidRequest', 'not this object') : undefined,
    )
    const { s3, download, upload } = await setUp(rule)
    await upload(10)
    const error = await download('bad').catch((thrown) => thrown)
    expect(error).toBeInstanceOf(PermanentError)
    expect(error.message).toContain('not this object')
    await download()
    expect(s3.requests.at(-1)?.headers['x-amz-checksum-mode']).toBe('ENABLED')
  })
})

describe('100-continue', () => {
  it('is not waited for: no request asks for it', async () => {
    const setup = await setUp(() => undefined)
    await roundTrips(setup)
    expect(setup.s3.requests.filter((seen) => hasHeader('expect', seen))).toEqual([])
  })

  it('is asked for after a connection broke, and a store that refuses that is not asked again', async () => {
    let puts = 0
    const setup = await setUp(
      (seen) => {
        if (seen.method !== 'PUT') return undefined
        puts++
        if (puts === 1) return { kind: 'reset' }
        return hasHeader('expect', seen) ? refusal(417, 'ExpectationFailed') : undefined
      },
      { retryMaxMs: 60_000 },
    )
    await setup.upload(4 * MB)
    const asked = setup.s3.requests.map((seen) => hasHeader('expect', seen))
    expect(asked).toEqual([false, true, false])
  })
})

describe('a bucket with Object Lock', () => {
  const REFUSALS = [
    [
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    ],
    ['MissingContentMD5', 'Missing required header for this request.'],
    ['InvalidRequest', 'a checksum is missing'],
  ] as const

  it.each(REFUSALS)('gets the MD5 of each body after the first refusal: %s, "%s"', async (code, message) => {
    const md5s: boolean[] = []
    const setup = await setUp((seen) => {
      if (seen.method !== 'PUT') return undefined
      const md5 = seen.headers['content-md5']
      md5s.push(md5 !== undefined)
      return md5 === undefined ? refusal(400, code, message) : undefined
    })
    await roundTrips(setup)
    expect(md5s).toEqual([false, true, true, true])
  })

  it('gets the right MD5', async () => {
    let sent: unknown
    const { upload } = await setUp((seen) => {
      sent = seen.headers['content-md5']
      return sent === undefined ? refusal(400, 'MissingContentMD5') : undefined
    })
    const content = await upload(1_000)
    expect(sent).toBe(createHash('md5').update(content).digest('base64'))
  })
})

describe('a bucket in another region', () => {
  /** The region of a signature. */
  const regionOf = ({ headers }: Seen) =>
    /Credential=a\/\d+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1]

  it.each<[string, number, string, string, object]>([
    ['a header', 301, 'PermanentRedirect', 'elsewhere', { headers: { 'x-amz-bucket-region': 'eu-west-3' } }],
    ['a member', 400, 'AuthorizationHeaderMalformed', 'no', { more: '<Region>eu-west-3</Region>' }],
    ['the message of MinIO', 400, 'AuthorizationHeaderMalformed', "is wrong; expecting 'eu-west-3'.", {}],
    [
      'the message of Garage',
      400,
      'AuthorizationHeaderMalformed',
      'expected: 20260101/eu-west-3/s3/aws4_request',
      {},
    ],
    ['a redirect', 307, 'TemporaryRedirect', 'later', { headers: { 'x-amz-bucket-region': 'eu-west-3' } }],
  ])('is followed if %s names it, once for the bucket', async (_, status, code, message, extra) => {
    const regions: (string | undefined)[] = []
    const setup = await setUp((seen) => {
      regions.push(regionOf(seen))
      return regionOf(seen) === 'eu-west-3' ? undefined : refusal(status, code, message, extra)
    })
    await roundTrips(setup)
    expect(regions.filter((region) => region === 'us-east-1')).toHaveLength(1)
  })

  it('is followed by requests at the same time', async () => {
    const { upload, s3 } = await setUp((seen) =>
      regionOf(seen) === 'r2'
        ? undefined
        : refusal(400, 'AuthorizationHeaderMalformed', '', { more: '<Region>r2</Region>' }),
    )
    await Promise.all(['1', '2', '3', '4', '5'].map((key) => upload(100, key)))
    expect(s3.objects.size).toBe(5)
  })

  it.each([
    ['names no region', ''],
    ['names the region that was used', '<Region>us-east-1</Region>'],
    ['names no host name part', '<Region>evil.example/x</Region>'],
  ])('that the store does not tell is an error with the name of the variable: it %s', async (_, more) => {
    const { download } = await setUp(() =>
      refusal(301, 'PermanentRedirect', 'elsewhere', { more: `${more}<Endpoint>s3.eu.example</Endpoint>` }),
    )
    const error = await download().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(PermanentError)
    expect(error.message).toContain('Check S3_REGION and S3_ENDPOINT_URL')
    expect(error.message).toContain('s3.eu.example')
  })

  it('AWS without a region is an error with the name of the variable', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { download } = await setUp(() => undefined, { endpointUrl: 'aws' })
    await expect(download()).rejects.toThrow('set S3_REGION')
  })
})

describe('S3_ADDRESSING', () => {
  /** Names below `localhost` lead to this machine. */
  const resolveLocalhost = () => {
    const resolve = (_: string, ...rest: unknown[]) => {
      const done = rest.pop() as (...found: unknown[]) => void
      const [{ all } = { all: false }] = rest as [{ all?: boolean }?]
      const found = all ? [[{ address: '127.0.0.1', family: 4 }]] : ['127.0.0.1', 4]
      process.nextTick(() => done(null, ...found))
    }
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(resolve as never)
    onTestFinished(() => lookup.mockRestore())
  }
  const isVirtual = ({ headers }: Seen) => headers.host?.startsWith(`${LONG_NAME}.`) === true
  const at = (addressing: S3Addressing) => async (rule: (seen: Seen) => Fault | undefined) => {
    resolveLocalhost()
    const { s3 } = await setUp(() => undefined)
    s3.fault = rule
    const endpointUrl = s3.url.replace('127.0.0.1', 'localhost')
    const { download } = await setUp(() => undefined, { endpointUrl, addressing })
    s3.objects.set('k', Buffer.from('content'))
    return { s3, download: () => download('k', LONG_NAME) }
  }
  const wantsVirtual = (code: string) => (seen: Seen) =>
    isVirtual(seen) ? undefined : refusal(403, code, 'third level domain, please')

  it.each([
    ['path', false],
    ['virtual', true],
    ['auto', false],
  ] as const)('%s: bucket in the host name is %s', async (addressing, expected) => {
    const { s3, download } = await at(addressing)(() => undefined)
    expect(`${await download()}`).toBe('content')
    expect(s3.requests.map(isVirtual)).toEqual([expected])
  })

  it.each([
    'SecondLevelDomainForbidden',
    'InvalidPathAccess',
    'PathStyleDomainForbidden',
    'VirtualHostDomainRequired',
  ])('auto: a store that answers %s gets the bucket in the host name from then on', async (code) => {
    const { s3, download } = await at('auto')(wantsVirtual(code))
    await download()
    await download()
    expect(s3.requests.map(isVirtual)).toEqual([false, true, true])
  })

  it('path: such an answer is an error with the name of the variable', async () => {
    const { download } = await at('path')(wantsVirtual('SecondLevelDomainForbidden'))
    await expect(download()).rejects.toThrow('Set S3_ADDRESSING=virtual')
  })
})

describe('stores as they are documented or reported to answer', () => {
  const once = (fault: Fault) => {
    const seen = new Set<string>()
    return ({ method }: Seen) => {
      const isFirst = !seen.has(method)
      seen.add(method)
      return isFirst ? fault : undefined
    }
  }
  const without = (names: readonly string[], answer: (name: string) => Fault) => (seen: Seen) => {
    const found = names.find((name) => hasHeader(name, seen))
    return found === undefined ? undefined : answer(found)
  }
  const CHECKSUMS = ['x-amz-checksum-algorithm', 'x-amz-checksum-type', 'x-amz-checksum-crc32']

  it.each<[string, (seen: Seen) => Fault | undefined]>([
    ['AWS: overload', once(refusal(503, 'SlowDown', 'Please reduce your request rate.'))],
    ['AWS: a token that expired', once(refusal(400, 'ExpiredToken', 'The provided token has expired.'))],
    ['MinIO: not ready', once(refusal(503, 'XMinioServerNotInitialized', 'Server not initialized yet.'))],
    ['Ceph: no CRC32', without(CHECKSUMS, () => refusal(501, 'NotImplemented'))],
    [
      'R2: unknown header',
      without(CHECKSUMS, (name) =>
        refusal(501, 'NotImplemented', `Header '${name}' with value 'CRC32' not implemented`),
      ),
    ],
    [
      'R2: too many requests',
      once(refusal(429, 'TooManyRequests', 'Reduce your rate of simultaneous reads')),
    ],
    [
      'B2: unknown header',
      without(['x-amz-checksum-mode', ...CHECKSUMS], (name) =>
        refusal(400, 'InvalidArgument', `Unsupported header '${name}' received for this API call.`),
      ),
    ],
    ['B2: no upload place', once(refusal(503, 'ServiceUnavailable', 'no tomes available'))],
    [
      'GCS: unknown header',
      without(['x-amz-checksum-mode', ...CHECKSUMS], () =>
        refusal(400, 'InvalidArgument', 'Invalid argument.'),
      ),
    ],
    ['GCS: too many requests', once(refusal(429, 'SlowDown'))],
    [
      'Wasabi: a redirect',
      once(refusal(307, 'TemporaryRedirect', '', { more: '<Endpoint>s3.us-east-1.example</Endpoint>' })),
    ],
    [
      'a proxy that knows no Expect and answers with HTML',
      once({ ...refusal(502, ''), headers: { 'content-type': 'text/html' } } as Fault),
    ],
  ])('%s', async (_, rule) => {
    await roundTrips(await setUp(rule, { retryMaxMs: 60_000 }))
  })
})

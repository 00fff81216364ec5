import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { PermanentError } from '../errors.js'
import type { S3Addressing } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import { Redactor } from '../utils/redactor.js'
import { EtagKinds } from './etag.js'
import { Dialect, UNSIGNED, type UnsignedRequest } from './s3-dialect.js'
import { CredentialsError } from './s3-errors.js'
import { firstPlace, type Place, placeAfter } from './s3-place.js'

/** The address and the credentials of a store. */
export interface S3Access {
  /** The URL of an S3-compatible store, or `aws`. Default: AWS. */
  readonly endpointUrl?: string
  readonly region?: string
  /** Default: `auto`. */
  readonly addressing?: S3Addressing
  readonly accessKey?: string
  readonly secretKey?: string
  /** The number of file parts that are uploaded at the same time. */
  readonly maxConcurrency: number
  /** The longest silence of a store during a transfer, in ms. Default: 30,000. */
  readonly silenceMs?: number
  /** The time for retries without progress, in ms. Default: 120,000 for downloads, 600,000 for uploads. */
  readonly retryMaxMs?: number
}

export type Sdk = typeof import('@aws-sdk/client-s3')

const CONNECT_MS = 5_000
const SILENCE_MS = 30_000

const SDK_ABSENT = 'AWS SDK is not installed, but s3:// values need it: npm install @aws-sdk/client-s3'
const SDK_BROKEN = 'AWS SDK cannot be loaded, but s3:// values need it: npm install @aws-sdk/client-s3'

/** @throws PermanentError if the SDK is not installed or cannot be loaded */
const importSdk = async (): Promise<Sdk> => {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    throw new PermanentError(isAbsent ? SDK_ABSENT : SDK_BROKEN, { cause: error })
  }
}

const isAws = ({ endpointUrl }: S3Access): boolean => endpointUrl === undefined || endpointUrl === 'aws'

/** Returns the name of a store in the log and in `/readyz`. Pure. */
export const nameOfStore = (access: S3Access): string => (isAws(access) ? 'AWS' : (access.endpointUrl ?? ''))

type Middleware = Parameters<S3Client['middlewareStack']['addRelativeTo']>[0]
type Arguments = {
  readonly input: object
  readonly request: UnsignedRequest & { headers: Record<string, string> }
}

/** Requests the checksum that an object was stored with. A range of an object has none. */
const askForChecksum = (commandName: string, headers: Record<string, string>): void => {
  if (commandName === 'GetObjectCommand' && !headers['range']) headers['x-amz-checksum-mode'] = 'ENABLED'
}

/**
 * Signs a part without a hash of its content. The store verifies the CRC32, and SHA-256 costs much CPU on both sides. Without
 * TLS the content stays signed: somebody on the network can change the content and keep its CRC32.
 */
const signWithoutContent = (commandName: string, { protocol, headers }: Arguments['request']): void => {
  if (commandName === 'UploadPartCommand' && protocol === 'https:' && headers['x-amz-checksum-crc32'])
    headers['x-amz-content-sha256'] = UNSIGNED
}

/** Adjusts each request right before its signature, when all its headers are known. */
const adjustRequests = (client: S3Client, dialect: Dialect): void => {
  const adjust =
    (next: (args: Arguments) => Promise<unknown>, { commandName = '' }: { commandName?: string }) =>
    (args: Arguments) => {
      askForChecksum(commandName, args.request.headers)
      signWithoutContent(commandName, args.request)
      return dialect.send(args.request, (request) => next({ ...args, request }))
    }
  client.middlewareStack.addRelativeTo(adjust as unknown as Middleware, {
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
    name: 'adjustRequests',
  })
}

/** A store may quote the keys in the message of an error, and the SDK copies each member of its answer into the error. */
const hideKeys = (client: S3Client, redactor: Redactor): void => {
  client.middlewareStack.add(
    (next) => (args) =>
      next(args).catch((error: unknown) => {
        throw error instanceof Error ? redactor.cleanse(error) : error
      }),
    { step: 'initialize', name: 'hideKeys' },
  )
}

/** Errors of the credential chain have the names and the statuses of other services. They say nothing about the store. */
const nameCredentialErrors = ({ config }: S3Client): void => {
  const load = config.credentials
  const named: typeof load = (options) =>
    load(options).catch((error: unknown) => {
      const { message } = error as { message?: unknown }
      const what = `AWS credentials cannot be loaded: ${message}. Set S3_ACCESS_KEY and S3_SECRET_KEY, or check the role`
      throw new CredentialsError(what, { cause: error })
    })
  config.credentials = Object.assign(named, load)
}

const keyOf = ({ region, isPathStyle }: Place): string => `${region} ${isPathStyle}`

/** One store, with one client of the SDK for each region and addressing that its buckets need. */
export class S3Clients {
  readonly sdk: Sdk
  readonly etags: EtagKinds
  readonly #access: S3Access
  readonly #dialect: Dialect
  readonly #clients = new Map<string, S3Client>()
  /** The regions of the buckets that are not in the region of the settings. */
  readonly #regions = new Map<string, string>()
  #place: Place

  constructor(sdk: Sdk, access: S3Access, log: Logger | undefined) {
    this.sdk = sdk
    this.etags = new EtagKinds(isAws(access))
    this.#access = access
    this.#dialect = new Dialect(nameOfStore(access), log)
    this.#place = firstPlace(isAws(access), access.region, access.addressing)
  }

  /** The longest silence of the store during a transfer, in ms. */
  get silenceMs(): number {
    return this.#access.silenceMs ?? SILENCE_MS
  }

  /** Returns how the requests to a bucket are addressed and signed. */
  placeOf(bucket: string): Place {
    const region = this.#regions.get(bucket)
    return region === undefined ? this.#place : { ...this.#place, region }
  }

  /** Returns the client for a place. */
  at(place: Place): S3Client {
    const key = keyOf(place)
    const known = this.#clients.get(key)
    if (known) return known
    const client = this.#make(place)
    this.#clients.set(key, client)
    return client
  }

  /**
   * Learns the region or the addressing of a bucket from an error.
   *
   * @param used - the place of the request; another request may have learned meanwhile
   * @returns whether the request should be sent again
   */
  learn(error: unknown, bucket: string, used: Place): boolean {
    const { addressing = 'auto' } = this.#access
    const named = placeAfter(error, used, addressing === 'auto')
    if (!named) return false
    if (named.isPathStyle !== used.isPathStyle)
      this.#place = { ...this.#place, isPathStyle: named.isPathStyle }
    if (named.region !== undefined && named.region !== used.region) this.#regions.set(bucket, named.region)
    return true
  }

  #make({ region, isPathStyle }: Place): S3Client {
    const { endpointUrl = '', accessKey: accessKeyId, secretKey: secretAccessKey } = this.#access
    const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined
    const client = new this.sdk.S3Client({
      ...(region !== undefined && { region }),
      ...(!isAws(this.#access) && { endpoint: endpointUrl, requestChecksumCalculation: 'WHEN_REQUIRED' }),
      ...(hasKeys && { credentials: { accessKeyId, secretAccessKey } }),
      forcePathStyle: isPathStyle,
      // patient-client.ts retries. The retries of the SDK share one quota.
      maxAttempts: 1,
      // checksum.ts verifies downloads, also those that were resumed.
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Each such request would have a connection of its own, and wait 6 s for a store that never says "100 Continue".
      expectContinueHeader: false,
      requestHandler: this.#requestHandler(),
    })
    adjustRequests(client, this.#dialect)
    hideKeys(client, new Redactor([accessKeyId, secretAccessKey]))
    if (!hasKeys) nameCredentialErrors(client)
    return client
  }

  /** The clients share their connections. Limiters limit the transfers, so no transfer ever waits for a connection. */
  #requestHandler(): NonNullable<S3ClientConfig['requestHandler']> {
    const [first] = this.#clients.values()
    if (first) return first.config.requestHandler
    const agent = { maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 2 * this.#access.maxConcurrency }
    const agents = { httpAgent: agent, httpsAgent: agent }
    return { connectionTimeout: CONNECT_MS, socketTimeout: this.silenceMs, ...agents }
  }
}

/** Loads the SDK. Sends nothing. @throws PermanentError if the SDK is absent, or if AWS has no region */
export const connectS3 = async (access: S3Access, log?: Logger): Promise<S3Clients> => {
  const clients = new S3Clients(await importSdk(), access, log)
  const { region } = clients.at(clients.placeOf('')).config
  await region().catch((error: unknown) => {
    throw new PermanentError('S3 at AWS needs a region: set S3_REGION', { cause: error })
  })
  return clients
}

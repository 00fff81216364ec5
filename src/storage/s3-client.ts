import type { S3Client } from '@aws-sdk/client-s3'
import { PermanentError } from '../errors.js'
import { Redactor } from '../utils/redactor.js'
import { EtagKinds } from './etag.js'

/** The address and the credentials of a store. */
export interface S3Access {
  /** The URL of an S3-compatible store, or `aws`. Default: AWS. */
  readonly endpointUrl?: string
  readonly region?: string
  readonly accessKey?: string
  readonly secretKey?: string
  /** The number of file parts that are uploaded at the same time. */
  readonly maxConcurrency: number
  /** The longest silence of a store during a transfer, in ms. Default: 30,000. */
  readonly silenceMs?: number
}

/** The AWS SDK and one of its clients. */
export interface S3 {
  readonly sdk: typeof import('@aws-sdk/client-s3')
  readonly client: S3Client
  readonly silenceMs: number
  readonly etags: EtagKinds
}

const CONNECT_MS = 5_000
const SILENCE_MS = 30_000
const ATTEMPTS = 5

/** @throws PermanentError if the SDK is not installed or cannot be loaded */
const importSdk = async (): Promise<S3['sdk']> => {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const what = isAbsent ? 'is not installed' : 'cannot be loaded'
    const message = `AWS SDK ${what}, but s3:// values need it: npm install @aws-sdk/client-s3`
    throw new PermanentError(message, { cause: error })
  }
}

/** Settings for other stores. Many of them do not support the newer checksums of AWS. */
const COMPATIBLE = { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' } as const

const placeOf = ({ endpointUrl, region }: S3Access, isAws: boolean) => {
  if (isAws) return { ...(region !== undefined && { region }), followRegionRedirects: true }
  return { ...COMPATIBLE, endpoint: endpointUrl ?? '', region: region ?? 'us-east-1' }
}

/** Requests the checksum that an object was stored with. A range of an object has none. */
const askForChecksum = (commandName: string, headers: Record<string, string>): void => {
  if (commandName === 'GetObjectCommand' && !headers['range']) headers['x-amz-checksum-mode'] = 'ENABLED'
}

/** Signs a part without a hash of its content. The store verifies the CRC32, and SHA-256 costs much CPU on both sides. */
const signWithoutContent = (commandName: string, headers: Record<string, string>): void => {
  if (commandName === 'UploadPartCommand' && headers['x-amz-checksum-crc32'])
    headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
}

const adjustRequests = (client: S3Client): void => {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        const { headers } = args.request as { headers: Record<string, string> }
        askForChecksum(commandName, headers)
        signWithoutContent(commandName, headers)
        return next(args)
      },
    { step: 'build', name: 'adjustRequests' },
  )
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

/** Loads the SDK and creates a client. Sends nothing. */
export const connectS3 = async (access: S3Access): Promise<S3> => {
  const sdk = await importSdk()
  const isAws = access.endpointUrl === undefined || access.endpointUrl === 'aws'
  const { accessKey: accessKeyId, secretKey: secretAccessKey, silenceMs = SILENCE_MS } = access
  const client = new sdk.S3Client({
    ...placeOf(access, isAws),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
    maxAttempts: ATTEMPTS,
    // checksum.ts verifies downloads, also those that were resumed.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
  })
  adjustRequests(client)
  hideKeys(client, new Redactor([accessKeyId, secretAccessKey]))
  return { sdk, client, silenceMs, etags: new EtagKinds(isAws) }
}

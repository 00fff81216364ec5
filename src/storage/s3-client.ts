import type { S3Client } from '@aws-sdk/client-s3'
import { PermanentError } from '../errors.js'

/** How the store is reached. */
export interface S3Access {
  /** The URL of an S3-compatible store, or `aws`; AWS itself by default. */
  readonly endpointUrl?: string
  readonly region?: string
  readonly accessKey?: string
  readonly secretKey?: string
  /** How many pieces of files are sent at once. */
  readonly maxConcurrency: number
  /** How long a store may keep silent in the middle of a transfer, in ms; 30,000 by default. */
  readonly silenceMs?: number
}

/** The SDK and a client of it. */
export interface S3 {
  readonly sdk: typeof import('@aws-sdk/client-s3')
  readonly client: S3Client
  readonly silenceMs: number
}

const CONNECT_MS = 5_000
const SILENCE_MS = 30_000
const ATTEMPTS = 5

/** @throws PermanentError when it is not installed, or is broken */
const importSdk = async (): Promise<S3['sdk']> => {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const what = isAbsent ? 'is not installed here' : 'cannot be loaded'
    const message = `s3:// values need the AWS SDK, which ${what}: npm install @aws-sdk/client-s3`
    throw new PermanentError(message, { cause: error })
  }
}

/** Other stores are asked for no more than the first version of S3 had: many know no newer checksums. */
const COMPATIBLE = { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' } as const

const placeOf = ({ endpointUrl, region }: S3Access, isAws: boolean) => {
  if (isAws) return { ...(region !== undefined && { region }), followRegionRedirects: true }
  return { ...COMPATIBLE, endpoint: endpointUrl ?? '', region: region ?? 'us-east-1' }
}

/** Asks for the checksums an object was stored with; a part of an object has none. */
const askForChecksum = (commandName: string, headers: Record<string, string>): void => {
  if (commandName === 'GetObjectCommand' && !headers['range']) headers['x-amz-checksum-mode'] = 'ENABLED'
}

/** A part with a checksum that the store checks needs none in its signature, which is dear at both ends. */
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

/** Loads the SDK and makes a client; nothing is sent. */
export const connectS3 = async (access: S3Access): Promise<S3> => {
  const sdk = await importSdk()
  const isAws = access.endpointUrl === undefined || access.endpointUrl === 'aws'
  const { accessKey: accessKeyId, secretKey: secretAccessKey, silenceMs = SILENCE_MS } = access
  const client = new sdk.S3Client({
    ...placeOf(access, isAws),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
    maxAttempts: ATTEMPTS,
    // What was received is checked in checksum.ts, over all the pieces it came in.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
  })
  adjustRequests(client)
  return { sdk, client, silenceMs }
}

import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import type { ObjectAddress } from './object-store.js'
import type { S3 } from './patient-client.js'

/** The SDK reports only some of the headers. Its bodies are the responses of Node. */
const headersOf = (body: Readable): IncomingHttpHeaders | undefined =>
  (body as Readable & { readonly headers?: IncomingHttpHeaders }).headers

/**
 * Returns the encoding that an object is stored with, if the store may have unpacked the content: Google Cloud Storage then
 * sends no `Content-Encoding`.
 */
export const encodingIn = (body: Readable): string | undefined => {
  const encoding = headersOf(body)?.['x-goog-stored-content-encoding']
  return typeof encoding === 'string' ? encoding : undefined
}

/** Returns whether a response marks its end, by a length or by chunks. Otherwise a broken connection looks like its end. */
export const hasEndMark = ({ ContentLength }: GetObjectCommandOutput, body: Readable): boolean => {
  const headers = headersOf(body)
  if (ContentLength !== undefined || !headers) return true
  return headers['transfer-encoding']?.includes('chunked') ?? false
}

/** Asks the store for the length of an object (HEAD). Returns `undefined` if the store does not tell the length of what it sends. */
export const askForLength = async (
  { sdk, brief }: S3,
  { bucket: Bucket, key: Key }: ObjectAddress,
  abortSignal: AbortSignal,
): Promise<number | undefined> => {
  const head = await brief.send(new sdk.HeadObjectCommand({ Bucket, Key }), { abortSignal })
  return head.ContentEncoding === undefined ? head.ContentLength : undefined
}

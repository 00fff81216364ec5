/** Errors that name another region than the one that signed the request. */
export const WRONG_REGION: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'InvalidRegion',
  'InvalidRegionName',
  'PermanentRedirect',
  'TemporaryRedirect',
])

/** Errors of stores that do not know the access key: S3, and versitygw with the status 404. */
export const UNKNOWN_KEY: ReadonlySet<string> = new Set(['InvalidAccessKeyId', 'XAdminUserNotFound'])

/** Errors of stores that want the bucket in the host name: OSS, TOS, COS, OBS. */
export const WANTS_VIRTUAL: ReadonlySet<string> = new Set([
  'InvalidPathAccess',
  'PathStyleDomainForbidden',
  'SecondLevelDomainForbidden',
  'VirtualHostDomainRequired',
])

const endpointIn = (error: unknown): string => {
  const { Endpoint: endpoint } = (error ?? {}) as { Endpoint?: unknown }
  return typeof endpoint === 'string' && endpoint !== '' ? `; the store names ${endpoint}` : ''
}

/** Returns what to do after a permanent error of a store; `undefined` if nothing is known. Pure. */
export const hintFor = (error: unknown, addressIsFrom: 'input' | 'worker'): string | undefined => {
  const name = error instanceof Error ? error.name : ''
  if (WANTS_VIRTUAL.has(name)) return 'Set S3_ADDRESSING=virtual'
  if (WRONG_REGION.has(name))
    return `Check S3_REGION and S3_ENDPOINT_URL: the bucket is in another region${endpointIn(error)}`
  if (UNKNOWN_KEY.has(name)) return 'Check S3_ACCESS_KEY'
  if (name === 'SignatureDoesNotMatch') return 'Check S3_SECRET_KEY and S3_REGION'
  if (name === 'NoSuchBucket' && addressIsFrom === 'worker')
    return 'Create the bucket, or set S3_DEFAULT_BUCKET'
  return undefined
}

import { similarName } from '../../utils/did-you-mean.js'
import { isObject } from '../../utils/json.js'

/** The deepest nesting that is checked. */
const DEEPEST = 100

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']

/** Keywords by the kind of their value. */
const SCHEMA = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]
const SCHEMAS = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
const MAPS = ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties']
const NUMBERS = [
  'exclusiveMaximum',
  'exclusiveMinimum',
  'maxContains',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minContains',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
]
const TEXTS = ['$anchor', '$comment', '$id', '$ref', '$schema', 'description', 'format', 'pattern', 'title']
const OTHERS = [
  'const',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'default',
  'dependencies',
  'dependentRequired',
  'deprecated',
  'enum',
  'examples',
  'items',
  'readOnly',
  'required',
  'type',
  'uniqueItems',
  'writeOnly',
]
/** Annotations of older drafts and of OpenAPI, which look like keywords. */
const ANNOTATIONS = ['example', 'id', 'nullable']
const KEYWORDS = [...SCHEMA, ...SCHEMAS, ...MAPS, ...NUMBERS, ...TEXTS, ...OTHERS]

/** Where a keyword stands. */
interface Place {
  readonly keyword: string
  readonly place: string
  /** References are relative to this schema. */
  readonly root: Record<string, unknown>
  readonly depth: number
}

/** Returns why the value of a keyword is wrong. */
type Check = (value: unknown, at: Place) => string | undefined

/** Returns why a value is no JSON Schema that can describe an object; `undefined` if it is one. */
export const problemOfSchema = (schema: Record<string, unknown>): string | undefined => {
  const keys = Object.keys(schema)
  if (keys.length > 0 && !keys.some((key) => KEYWORDS.includes(key)))
    return 'it has no keyword of JSON Schema'
  const { type } = schema
  if (type !== undefined && isType(type) && ![type].flat().includes('object'))
    return `its type is "${[type].flat().join(', ')}", but the value is always an object`
  return problemIn(schema, '', schema, 0)
}

const problemIn = (
  schema: unknown,
  path: string,
  root: Record<string, unknown>,
  depth: number,
): string | undefined => {
  if (typeof schema === 'boolean') return undefined
  if (!isObject(schema)) return `${path} is no schema`
  if (depth > DEEPEST) return `${path} is more than ${DEEPEST} levels deep`
  // References in a part with an id of its own lead into that part.
  const base = '$id' in schema ? schema : root
  return first(Object.entries(schema), (keyword, value) => {
    const place = path === '' ? keyword : `${path}.${keyword}`
    const check = CHECKS.get(keyword) ?? unknown
    return check(value, { keyword, place, root: base, depth })
  })
}

const is =
  (fits: (value: unknown) => boolean, what: string): Check =>
  (value, { place }) =>
    fits(value) ? undefined : `${place} ${what}`

const subschema: Check = (value, { place, root, depth }) => problemIn(value, place, root, depth + 1)

const list: Check = (value, { place, root, depth }) =>
  Array.isArray(value)
    ? first(value.entries(), (index, each) => problemIn(each, `${place}[${index}]`, root, depth + 1))
    : `${place} is no list of schemas`

const map: Check = (value, { place, root, depth }) =>
  isObject(value)
    ? first(Object.entries(value), (name, each) => problemIn(each, `${place}.${name}`, root, depth + 1))
    : `${place} is no object with a schema for each name`

/** Unknown keywords are annotations, and JSON Schema allows them. A slip of the pen would switch a check off. */
const unknown: Check = (_, { keyword, place }) => {
  const isFree = /^x-|^\$/.test(keyword) || ANNOTATIONS.includes(keyword)
  const similar = isFree ? undefined : similarName(keyword, KEYWORDS)
  return similar === undefined ? undefined : `${place}: did you mean "${similar}"?`
}

/** Only references into the schema itself can be followed. Anchors and ids are found by the validator. */
const reference: Check = (value, { place, root }) => {
  if (typeof value !== 'string') return `${place} is no text`
  if (!value.startsWith('#/')) return undefined
  let target: unknown = root
  for (const key of value.slice(2).split('/').map(unescaped))
    target = isHolder(target) ? target[key] : undefined
  return target === undefined ? `${place} leads nowhere: ${value}` : undefined
}

const first = <Key>(
  entries: Iterable<[Key, unknown]>,
  find: (key: Key, value: unknown) => string | undefined,
): string | undefined => {
  for (const [key, value] of entries) {
    const problem = find(key, value)
    if (problem !== undefined) return problem
  }
  return undefined
}

const isText = (value: unknown): boolean => typeof value === 'string'

const isNumber = (value: unknown): boolean => typeof value === 'number'

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const isType = (value: unknown): boolean => {
  const types = Array.isArray(value) ? value : [value]
  return types.length > 0 && types.every((each) => TYPES.includes(each as string))
}

const isPattern = (value: unknown): boolean => {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp
  } catch {
    return false
  }
}

const isHolder = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const unescaped = (key: string): string => {
  try {
    return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return key
  }
}

const checks = (keywords: readonly string[], check: Check) =>
  keywords.map((keyword) => [keyword, check] as const)

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ...checks(OTHERS, () => undefined),
  ...checks(SCHEMA, subschema),
  ...checks(SCHEMAS, list),
  ...checks(MAPS, map),
  ...checks(NUMBERS, is(isNumber, 'is no number')),
  // In draft 4, these two are true or false.
  ...checks(
    ['exclusiveMaximum', 'exclusiveMinimum'],
    is((value) => isNumber(value) || typeof value === 'boolean', 'is no number'),
  ),
  ...checks(TEXTS, is(isText, 'is no text')),
  ['$ref', reference],
  ['enum', is(Array.isArray, 'is no list')],
  ['items', (value, at) => (Array.isArray(value) ? list(value, at) : subschema(value, at))],
  ['pattern', is(isPattern, 'is no regular expression')],
  ['required', is(isTexts, 'is no list of names')],
  ['type', is(isType, `is none of ${TYPES.join(', ')}`)],
])

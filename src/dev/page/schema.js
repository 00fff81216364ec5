// @ts-check
/**
 * Turns a JSON Schema into the fields of a form, and the values of the form into params. Pure.
 *
 * @typedef {import('./types.js').Schema} Schema
 * @typedef {'text' | 'long-text' | 'number' | 'integer' | 'boolean' | 'choice' | 'group' | 'json'} Kind
 * @typedef {{ name: string, kind: Kind, label: string, hint: string, isRequired: boolean, schema: Schema, choices: unknown[], fields: Field[] }} Field
 */

/** A text that may be longer gets a larger field, in characters. */
const LONG_TEXT = 200
/** Groups within groups below this depth are edited as JSON. */
const MAX_DEPTH = 3

/** @param {Schema} schema @param {number} depth @returns {Kind} */
const kindOf = (schema, depth) => {
  const { type, enum: choices, properties, maxLength = 0 } = schema
  if (Array.isArray(choices) && choices.length > 0) return 'choice'
  if (type === 'string') return maxLength > LONG_TEXT ? 'long-text' : 'text'
  if (type === 'number' || type === 'integer' || type === 'boolean') return type
  return type === 'object' && properties && depth < MAX_DEPTH ? 'group' : 'json'
}

/** @param {Schema} schema */
const hintOf = ({ description, minimum, maximum, format, type }) => {
  const range =
    minimum !== undefined && maximum !== undefined && Math.abs(maximum) < 1e15
      ? `${minimum} to ${maximum}`
      : minimum !== undefined && Math.abs(minimum) < 1e15
        ? `${minimum} or more`
        : maximum !== undefined && Math.abs(maximum) < 1e15
          ? `at most ${maximum}`
          : ''
  const kind = type === 'array' ? 'a list, as JSON' : ''
  return [description, range, format, kind].filter(Boolean).join(' · ')
}

/**
 * Returns the fields of an object, or `undefined` if the schema describes none.
 * @param {Schema | undefined} schema
 * @param {number} depth
 * @returns {Field[] | undefined}
 */
export const fieldsOf = (schema, depth = 0) => {
  const { properties, required = [] } = schema ?? {}
  if (!properties || typeof properties !== 'object') return undefined
  const fields = Object.entries(properties).map(([name, given]) => {
    const member = given && typeof given === 'object' ? given : {}
    const kind = kindOf(member, depth + 1)
    return {
      name,
      kind,
      label: member.title ?? name,
      hint: hintOf(member),
      isRequired: required.includes(name),
      schema: member,
      choices: kind === 'choice' ? [...(member.enum ?? [])] : [],
      fields: kind === 'group' ? (fieldsOf(member, depth + 1) ?? []) : [],
    }
  })
  // Schemas come with sorted names: what has to be filled in is shown first, and what takes most space last.
  return fields.sort((a, b) => orderOf(a) - orderOf(b))
}

/** @param {Field} field */
const orderOf = ({ isRequired, kind }) => (isRequired ? 0 : 2) + (kind === 'group' || kind === 'json' ? 1 : 0)

/**
 * Returns the first params for a schema: its defaults, and values for required members.
 * @param {Schema | undefined} schema
 * @returns {Record<string, unknown>}
 */
export const startValues = (schema) => {
  /** @type {Record<string, unknown>} */
  const values = {}
  for (const { name, kind, isRequired, schema: member, choices } of fieldsOf(schema) ?? []) {
    if (member.default !== undefined) values[name] = member.default
    else if (isRequired) values[name] = firstValue(kind, member, choices)
  }
  return values
}

/** @param {Kind} kind @param {Schema} schema @param {unknown[]} choices */
const firstValue = (kind, schema, choices) => {
  if (kind === 'choice') return choices[0]
  if (kind === 'group') return startValues(schema)
  if (kind === 'number' || kind === 'integer') return Math.max(0, schema.minimum ?? 0)
  if (kind === 'boolean') return false
  if (kind === 'json') return schema.type === 'array' ? [] : null
  return ''
}

/**
 * Returns what is wrong with params as a text, or `undefined`.
 * @param {string} text
 */
export const problemOf = (text) => {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'Params must be a JSON object.'
  } catch (error) {
    return `This is no JSON: ${/** @type {Error} */ (error).message}`
  }
}

/**
 * Whether a form can hold the params: they are an object, without integers that JavaScript rounds.
 * @param {string} text
 */
export const fitsForm = (text) => {
  if (problemOf(text) !== undefined) return false
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  return (outside.match(/-?\d+/g) ?? []).every((digits) => Number.isSafeInteger(Number(digits)))
}

/**
 * Returns a copy with another member. `undefined` removes the member.
 * @param {Record<string, unknown>} object
 * @param {string} name
 * @param {unknown} value
 */
export const withMember = (object, name, value) => {
  const entries = Object.entries(object).filter(([key]) => key !== name)
  const at = Object.keys(object).indexOf(name)
  if (value !== undefined) entries.splice(at < 0 ? entries.length : at, 0, [name, value])
  return Object.fromEntries(entries)
}

// @ts-check
import { withMember } from './schema.js'
import { html, useState } from './vendor/preact.js'

/**
 * The fields of a form.
 *
 * @typedef {import('./schema.js').Field} Field
 * @typedef {Record<string, unknown>} Values
 * @typedef {{ field: Field, path: string, value: unknown, change: (value: unknown) => void }} Props
 */

/** @param {any} event @returns {string} */
const textIn = (event) => event.target.value

/** @param {Props} props */
const TextField = ({ field, path, value, change }) => {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
  const onInput = (/** @type {any} */ event) =>
    change(textIn(event) === '' && !field.isRequired ? undefined : textIn(event))
  return field.kind === 'long-text'
    ? html`<textarea id=${path} rows="4" value=${text} onInput=${onInput} aria-describedby=${`${path}-hint`}></textarea>`
    : html`<input id=${path} type="text" value=${text} onInput=${onInput} aria-describedby=${`${path}-hint`} />`
}

/** @param {Props} props */
const NumberField = ({ field, path, value, change }) => html`
  <input
    id=${path}
    type="number"
    step=${field.kind === 'integer' ? 1 : 'any'}
    value=${value ?? ''}
    onInput=${(/** @type {any} */ event) => change(textIn(event) === '' ? undefined : Number(textIn(event)))}
    aria-describedby=${`${path}-hint`}
  />
`

/** @param {Props} props */
const ChoiceField = ({ field, path, value, change }) => html`
  <select id=${path} value=${field.choices.indexOf(value)} onChange=${(/** @type {any} */ event) => change(field.choices[Number(textIn(event))])} aria-describedby=${`${path}-hint`}>
    ${field.isRequired ? '' : html`<option value="-1">not given</option>`}
    ${field.choices.map((choice, at) => html`<option value=${at} key=${at}>${typeof choice === 'string' ? choice : JSON.stringify(choice)}</option>`)}
  </select>
`

/** The text stays as it is typed, also while it is no JSON. @param {Props} props */
const JsonField = ({ path, value, change }) => {
  const [draft, setDraft] = useState(value === undefined ? '' : JSON.stringify(value))
  const [problem, setProblem] = useState('')
  /** @param {any} event */
  const onInput = (event) => {
    const text = textIn(event)
    setDraft(text)
    try {
      change(text.trim() === '' ? undefined : JSON.parse(text))
      setProblem('')
    } catch (error) {
      setProblem(`This is no JSON yet: ${/** @type {Error} */ (error).message}`)
    }
  }
  return html`
    <textarea id=${path} rows="3" class="mono" value=${draft} onInput=${onInput} aria-invalid=${problem === '' ? undefined : 'true'} aria-describedby=${`${path}-hint`}></textarea>
    ${problem === '' ? '' : html`<p class="problem">${problem}</p>`}
  `
}

/** @param {Props} props */
const Input = (props) => {
  switch (props.field.kind) {
    case 'number':
    case 'integer':
      return NumberField(props)
    case 'choice':
      return ChoiceField(props)
    case 'json':
      return html`<${JsonField} ...${props} />`
    default:
      return TextField(props)
  }
}

/** @param {Props} props */
const FieldRow = (props) => {
  const { field, path, value, change } = props
  if (field.kind === 'group') {
    const values = typeof value === 'object' && value !== null ? /** @type {Values} */ (value) : {}
    return html`<fieldset><legend>${field.label}${field.isRequired ? '' : html` <span class="muted">optional</span>`}</legend><${Fields} fields=${field.fields} path=${path} values=${values} change=${change} /></fieldset>`
  }
  if (field.kind === 'boolean')
    return html`
      <div class="field">
        <label class="check"><input type="checkbox" checked=${value === true} onChange=${(/** @type {any} */ event) => change(event.target.checked)} /> ${field.label}</label>
        ${field.hint ? html`<p class="hint">${field.hint}</p>` : ''}
      </div>
    `
  return html`
    <div class="field">
      <label for=${path}>${field.label}${field.isRequired ? '' : html` <span class="muted">optional</span>`}</label>
      <${Input} ...${props} />
      <p class="hint" id=${`${path}-hint`}>${field.hint}</p>
    </div>
  `
}

/** @param {{ fields: readonly Field[], values: Values, path: string, change: (values: Values) => void }} props */
export const Fields = ({ fields, values, path, change }) => html`
  ${fields.map(
    (field, at) => html`
      <${FieldRow}
        key=${field.name}
        field=${field}
        path=${`${path}-${at}`}
        value=${values[field.name]}
        change=${(/** @type {unknown} */ value) => change(withMember(values, field.name, value))}
      />
    `,
  )}
`

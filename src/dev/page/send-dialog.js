// @ts-check
import { act, read } from './live.js'
import { fieldsOf, fitsForm, problemOf, startValues } from './schema.js'
import { Fields } from './schema-fields.js'
import { html, useEffect, useRef, useState } from './vendor/preact.js'

/**
 * The form that sends tasks, new ones or those of a job again.
 *
 * @typedef {import('./types.js').TaskInfo} TaskInfo
 * @typedef {{ task: string, params: string }} Draft
 * @typedef {{ draft: Draft | undefined, close: () => void, sent: (ids: string[]) => void }} Props
 */

/** @param {unknown} value */
const asText = (value) => JSON.stringify(value, null, 2)

/** @param {any} event @returns {string} */
const textIn = (event) => event.target.value

/**
 * Returns the body of the request. The params are already JSON: large integers keep their digits.
 * @param {Draft & { count: string, priority: string, seconds: string }} form
 */
const bodyOf = ({ task, params, count, priority, seconds }) => {
  const more = seconds === '' ? '' : `,"timeoutMs":${Number(seconds) * 1_000}`
  return `{"task":${JSON.stringify(task)},"params":${params},"count":${Number(count)},"priority":${Number(priority)}${more}}`
}

/** @param {{ tasks: TaskInfo[], task: string, choose: (name: string) => void }} props */
const TaskField = ({ tasks, task, choose }) => {
  const info = tasks.find(({ name }) => name === task)
  const isUnknown = task !== '' && !info
  return html`
    <div class="field">
      <label for="send-task">Task</label>
      <input id="send-task" autofocus list="send-tasks" required autocomplete="off" value=${task} onInput=${(/** @type {any} */ event) => choose(textIn(event))} aria-describedby="send-task-hint" />
      <datalist id="send-tasks">${tasks.map(({ name }) => html`<option value=${name} key=${name}></option>`)}</datalist>
      <p class="hint" id="send-task-hint">${isUnknown ? 'No worker offers this task at the moment.' : (info?.description ?? '')}</p>
    </div>
  `
}

/** @typedef {{ schema: any, params: string, setParams: (text: string) => void }} ParamsProps */

/** @param {ParamsProps} props */
const ParamsForm = ({ schema, params, setParams }) => {
  const fields = fieldsOf(schema) ?? []
  const change = (/** @type {any} */ values) => setParams(asText(values))
  return html`
    <div class="form-box">
      ${fields.length === 0 ? html`<p class="muted small">This task takes no params.</p>` : html`<${Fields} key=${schema} fields=${fields} values=${JSON.parse(params)} path="param" change=${change} />`}
    </div>
  `
}

/** @param {ParamsProps} props */
const ParamsText = ({ params, setParams }) => {
  const problem = problemOf(params)
  return html`
    <textarea class="mono" rows="10" spellcheck=${false} aria-labelledby="send-params-label" aria-invalid=${problem ? 'true' : undefined} aria-describedby="send-params-problem" value=${params} onInput=${(/** @type {any} */ event) => setParams(textIn(event))}></textarea>
    <p class="problem" id="send-params-problem">${problem ?? ''}</p>
  `
}

/** @param {ParamsProps} props */
const Params = (props) => {
  const [isForm, setForm] = useState(true)
  const isDescribed = fieldsOf(props.schema) !== undefined
  const fits = fitsForm(props.params)
  const showsForm = isForm && isDescribed && fits
  return html`
    <div class="field">
      <div class="field-head">
        <span class="label" id="send-params-label">Params</span>
        ${
          isDescribed
            ? html`<div class="filters" role="group" aria-label="Edit the params as">
              <button type="button" class="filter" aria-pressed=${showsForm ? 'true' : 'false'} disabled=${!fits} onClick=${() => setForm(true)}>Form</button>
              <button type="button" class="filter" aria-pressed=${showsForm ? 'false' : 'true'} onClick=${() => setForm(false)}>JSON</button>
            </div>`
            : ''
        }
      </div>
      ${showsForm ? html`<${ParamsForm} ...${props} />` : html`<${ParamsText} ...${props} />`}
    </div>
  `
}

/** @param {{ form: { count: string, priority: string, seconds: string }, set: (change: object) => void }} props */
const Options = ({ form, set }) => html`
  <div class="field-row">
    <div class="field"><label for="send-count">How many</label><input id="send-count" type="number" min="1" max="10000" step="1" required value=${form.count} onInput=${(/** @type {any} */ event) => set({ count: textIn(event) })} /></div>
    <div class="field"><label for="send-priority">Priority</label><input id="send-priority" type="number" step="any" required value=${form.priority} onInput=${(/** @type {any} */ event) => set({ priority: textIn(event) })} /></div>
    <div class="field"><label for="send-seconds">Timeout <span class="muted">s, optional</span></label><input id="send-seconds" type="number" min="0.001" step="any" value=${form.seconds} onInput=${(/** @type {any} */ event) => set({ seconds: textIn(event) })} /></div>
  </div>
`

const FIRST = { task: '', params: '{}', count: '1', priority: '0', seconds: '' }

/** @param {Props} props */
export const SendDialog = ({ draft, close, sent }) => {
  const dialog = useRef(/** @type {any} */ (null))
  const [tasks, setTasks] = useState(/** @type {TaskInfo[]} */ ([]))
  const [form, setAll] = useState({ ...FIRST, ...draft })
  const [state, setState] = useState({ isBusy: false, problem: '' })
  const set = (/** @type {object} */ change) => setAll((before) => ({ ...before, ...change }))
  /** @param {string} task @param {TaskInfo[]} among */
  const choose = (task, among = tasks) => {
    const schema = among.find(({ name }) => name === task)?.schema
    set({ task, ...(draft === undefined && schema && { params: asText(startValues(schema)) }) })
  }
  useEffect(() => {
    dialog.current?.showModal()
    const load = async () => {
      const found = (await read('tasks').catch(() => undefined)) ?? []
      setTasks(found)
      if (draft === undefined && found[0]) choose(found[0].name, found)
    }
    void load()
  }, [])
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault()
    const problem = problemOf(form.params)
    if (problem) return setState({ isBusy: false, problem })
    setState({ isBusy: true, problem: '' })
    try {
      const { ids } = await act('jobs', bodyOf(form))
      sent(ids)
    } catch (error) {
      setState({ isBusy: false, problem: /** @type {Error} */ (error).message })
    }
  }
  const schema = tasks.find(({ name }) => name === form.task)?.schema
  const count = Number(form.count)
  return html`
    <dialog ref=${dialog} aria-labelledby="send-title" onClose=${close}>
      <form onSubmit=${submit}>
        <div class="panel-head"><h2 id="send-title">${draft ? 'Run again' : 'Send a task'}</h2><button type="button" class="quiet" onClick=${close}>Close</button></div>
        <div class="dialog-body">
          <${TaskField} tasks=${tasks} task=${form.task} choose=${choose} />
          <${Params} schema=${schema} params=${form.params} setParams=${(/** @type {string} */ params) => set({ params })} />
          <${Options} form=${form} set=${set} />
        </div>
        <div class="dialog-foot">
          <p class="problem" role="alert">${state.problem}</p>
          <button type="submit" class="primary" disabled=${state.isBusy}>${count > 1 ? `Send ${count.toLocaleString('en')} tasks` : 'Send'}</button>
        </div>
      </form>
    </dialog>
  `
}

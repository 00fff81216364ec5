import { isSameSecret } from '../access/secrets.js'
import type { AppParts } from '../app-parts.js'
import { answerHtml, refuse } from './answers.js'
import { WRONG_TOKEN } from './client-routes.js'
import type { HttpContext } from './http-context.js'

/** How many jobs the page shows, the newest first. */
const SHOWN_JOBS = 50

const escaped = (value: unknown): string =>
  String(value ?? '').replace(/[&<]/g, (found) => `&#${found.charCodeAt(0)};`)

const table = (title: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `<h2>${title}</h2><table><tr><th>${columns.join('<th>')}${rows
    .map((row) => `<tr><td>${row.map(escaped).join('<td>')}`)
    .join('')}</table>`

/** A page with workers and jobs. The token is part of the address, because a browser sends no header of its own. */
export const dashboard = ({ settings, workers, jobs }: AppParts, context: HttpContext): Response => {
  if (!isSameSecret(context.req.query('token') ?? '', settings.clientToken))
    return refuse(context, WRONG_TOKEN)
  const workerRows = workers
    .live()
    .map(({ workerId, workerType, generation, status, load, taskNames }) => [
      ...[workerId, workerType, generation, status, load],
      taskNames.join(', '),
    ])
  const jobRows = jobs
    .list(SHOWN_JOBS)
    .map(({ id, task, status, workerId, progress }) => [id, task, status, workerId, progress?.message])
  return answerHtml(
    context,
    `<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=2><title>Avtomatika</title>${table(
      'Workers',
      ['id', 'type', 'generation', 'status', 'load', 'tasks'],
      workerRows,
    )}${table('Jobs', ['id', 'task', 'status', 'worker', 'progress'], jobRows)}`,
  )
}

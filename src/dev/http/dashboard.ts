import { answerHtml, refuse } from './answers.js'
import { type ClientRouteParts, WRONG_TOKEN } from './client-routes.js'
import type { Exchange } from './exchange.js'

/** The newest ones. */
const SHOWN_JOBS = 50

const escaped = (value: unknown): string =>
  String(value ?? '').replace(/[&<]/g, (found) => `&#${found.charCodeAt(0)};`)

const table = (title: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `<h2>${title}</h2><table><tr><th>${columns.join('<th>')}${rows
    .map((row) => `<tr><td>${row.map(escaped).join('<td>')}`)
    .join('')}</table>`

/** Workers and jobs on one page, for people; a browser sends no headers, so the token is part of its address. */
export const dashboard = ({ clientToken, workers, jobs }: ClientRouteParts, exchange: Exchange): Response => {
  if (exchange.req.query('token') !== clientToken) return refuse(exchange, WRONG_TOKEN)
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
    exchange,
    `<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=2><title>Avtomatika</title>${table(
      'Workers',
      ['id', 'type', 'generation', 'status', 'load', 'tasks'],
      workerRows,
    )}${table('Jobs', ['id', 'task', 'status', 'worker', 'progress'], jobRows)}`,
  )
}

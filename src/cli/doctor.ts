import type { Command } from 'commander'
import { define } from './define.js'

/** Returns the command `avtomatika-worker doctor`. */
export const doctorCommand = (): Command =>
  define(
    'doctor',
    'Find the reason why a worker gets no tasks: configuration, machine, orchestrators, store, running worker.',
  )
    .option('--all', 'also list variables that have their defaults')
    .option('--worker <url>', 'health server of a running worker (default: WORKER_PORT of this machine)')
    .action(async ({ worker, all, json }) => (await import('./doctor/run.js')).runDoctor(worker, all, json))

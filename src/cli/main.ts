#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { devCommand } from './dev.js'
import { fail } from './fail.js'
import { outboxCommand } from './outbox.js'
import { runCommand } from './run.js'

const version = (): string => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

const program = new Command('avtomatika-worker')
  .description('Run and inspect workers for the Avtomatika orchestrator.')
  .version(version())
  .addCommand(runCommand())
  .addCommand(devCommand())
  .addCommand(outboxCommand())

await program.parseAsync().catch(fail)

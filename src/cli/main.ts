#!/usr/bin/env node
import { earlyFlags } from './early-flags.js'
import { dropBlankVariables, useEnvFiles } from './env-files.js'
import { fail } from './fail.js'
import { buildProgram, runProgram } from './program.js'

const args = process.argv.slice(2)
try {
  useEnvFiles(earlyFlags(args).envFiles)
  dropBlankVariables()
  await runProgram(buildProgram(), args)
} catch (error) {
  fail(error)
}

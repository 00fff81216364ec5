import { Command } from 'commander'

/** Returns a command with the options that all commands have. Its file imports nothing heavy: `--help` has to be quick. */
export const define = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--env-file <path>', 'read variables from a file; variables that are set already win')
    .option('--env-file-if-exists <path>', 'the same, if the file exists')
    .option('--json', 'print JSON for programs')
    .option('--debug', 'print the stack of an error')

import { Argument, type Command } from 'commander'
import { define } from './define.js'
import { SHELLS } from './shells.js'

/** Returns the command `avtomatika-worker completion SHELL`. */
export const completionCommand = (): Command =>
  define('completion', 'Print a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', '\nExample:\n  source <(npx avtomatika-worker completion bash)')
    .action(async (shell, options, command: Command) => {
      const { completionScript, wordsOf } = await import('./completion-script.js')
      const script = completionScript(shell, wordsOf(command.parent ?? command))
      console.log(options.json ? JSON.stringify({ shell, script }) : script)
    })

import { type Command, Option } from 'commander'
import { define } from './define.js'

/** Returns the command `avtomatika-worker init [DIR]`. */
export const initCommand = (): Command =>
  define('init', 'Create a project with a worker, a test and a Dockerfile.')
    .argument('[dir]', 'folder of the project, new or empty')
    .addOption(
      new Option('--language <language>', 'language of the worker (default: typescript)').choices([
        'typescript',
        'javascript',
      ]),
    )
    .option('--name <name>', 'name of the package (default: that of the folder)')
    .option('--package <spec>', 'package to install as avtomatika-worker, such as the path of a tarball')
    .option('--no-install', 'do not install the packages')
    .option('-y, --yes', 'ask nothing')
    .action(async (dir, options) => (await import('./init/run-init.js')).runInit(dir, options))

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Block } from './blocks.js'
import { KNOWN_PROGRAMS, KNOWN_VARIABLES } from './known-names.js'
import { commandsIn, type ShellCommand } from './shell.js'

/** What a shell block may use. */
export interface Facts {
  readonly root: string
  /** The scripts of the package.json of the repository, and those of a new project. */
  readonly npmScripts: ReadonlySet<string>
  readonly projectScripts: ReadonlySet<string>
  /** Returns the problem of the arguments of `avtomatika-worker`. */
  readonly problemOfArguments: (args: readonly string[]) => string | undefined
  /** The names of files that the page gives its reader. */
  readonly filesOf: (page: string) => ReadonlySet<string>
}

const SHELLS = new Set(['sh', 'bash', 'shell', 'console'])

/** Whether the block is a script for a shell. */
export const isShell = ({ language }: Block): boolean => SHELLS.has(language)

const NPM = new Set([
  'ci',
  'create',
  'exec',
  'i',
  'init',
  'install',
  'pack',
  'pkg',
  'publish',
  'sbom',
  'test',
  'version',
])

/** What a reader has done so far on a page. */
interface Place {
  /** The folder of the last `cd`: below the repository, or a folder of the reader. */
  folder: string
  /** The section in which the reader went there. The next one begins in the folder of the repository. */
  section: string
  readonly made: Set<string>
}

/** `sudo`, `env` and the like start the rest of the line. */
const withoutWrapper = ({ words, ...rest }: ShellCommand): ShellCommand => {
  const [first = '', ...others] = words
  if (first === 'sudo' || first === 'exec' || first === 'time')
    return withoutWrapper({ words: others.filter((each, at) => at > 0 || each !== '-E'), ...rest })
  return { words, ...rest }
}

/** The program that `npx`, `bunx` and the like start, and its arguments. */
const startedByNpx = (args: readonly string[]): readonly string[] => {
  const at = args.findIndex((each, index) => !each.startsWith('-') && args[index - 1] !== '--package')
  return at < 0 ? [] : args.slice(at)
}

const npmProblem = (args: readonly string[], facts: Facts, place: Place): string | undefined => {
  const [command = '', script = ''] = args.filter((each) => !each.startsWith('-'))
  if (command === 'run') {
    const scripts = place.folder === '' ? facts.npmScripts : facts.projectScripts
    return scripts.has(script) ? undefined : `there is no npm script "${script}"`
  }
  return NPM.has(command) || facts.npmScripts.has(command) ? undefined : `npm has no command "${command}"`
}

/** Where the packed files of the package lie for a reader. */
const INSTALLED = 'node_modules/avtomatika-worker'

const PATH =
  /^(?!https?:|s3:|@|-|\/)[\w@.*/-]+\.(?:[cm]?[jt]sx?|py|json|ya?ml|toml|service|Dockerfile|env|sh|tgz)$/

/** A task that a worker saves with `WORKER_SAVE_FAILED=failed`. */
const SAVED_TASK = /^failed\/[\w-]+\.json$/

const fileProblem = (
  word: string,
  facts: Facts,
  place: Place,
  own: ReadonlySet<string>,
): string | undefined => {
  if (!PATH.test(word)) return undefined
  const path = word.replace(/^\.\//, '')
  if (SAVED_TASK.test(path)) return undefined
  if (own.has(path) || place.made.has(path) || path.includes('*') || path.endsWith('.tgz')) return undefined
  const inPackage = join(place.folder, path).replace(`${INSTALLED}/`, '')
  if (existsSync(join(facts.root, inPackage))) return undefined
  return `the file "${word}" does not exist, and the page does not name it`
}

const programProblem = (words: readonly string[], facts: Facts, place: Place): string | undefined => {
  const [program = '', ...args] = words
  if (program === 'npm') return npmProblem(args, facts, place)
  if (program === 'npx' || program === 'bunx') {
    const started = startedByNpx(args)
    return started.length === 0 ? `${program} starts nothing` : programProblem(started, facts, place)
  }
  if (program === 'avtomatika-worker') return facts.problemOfArguments(args)
  if (KNOWN_PROGRAMS.has(program) || program.startsWith('./')) return undefined
  const isTool = existsSync(join(facts.root, 'node_modules/.bin', program))
  return isTool || existsSync(join(facts.root, program)) ? undefined : `there is no program "${program}"`
}

/** Variables that an option of `docker run` sets, and those of `export`. */
const variablesInWords = ([program, ...args]: readonly string[]): readonly string[] => {
  const values =
    program === 'export'
      ? args
      : program === 'docker'
        ? args.filter((_, at) => args[at - 1] === '-e' || args[at - 1] === '--env')
        : []
  return values.map((each) => each.split('=')[0] ?? '')
}

/** Variables that a file with `NAME=value` in each line sets. */
export const variablesInText = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:export |Environment=)?"?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name)

const OUTPUT_OPTIONS = new Set(['-o', '-out', '-keyout', '--output', '-O'])

/** The files that a command makes for the commands after it. */
const filesMadeBy = ({ words, writes }: ShellCommand): readonly string[] => {
  const copies = ['cp', 'mv', 'install'].includes(words[0] ?? '') ? words.slice(-1) : []
  const named = words.map((word) => /^--(?:outfile|out|output)=(.+)$/.exec(word)?.[1] ?? '')
  const options = words.filter((_, at) => OUTPUT_OPTIONS.has(words[at - 1] ?? ''))
  return [...writes, ...copies, ...named, ...options].map((path) => path.replace(/^\.\//, ''))
}

const move = (command: ShellCommand, place: Place): void => {
  const [program, target = ''] = command.words
  if (program === 'cd') {
    const to = join(place.folder, target).replace(/^node_modules\/avtomatika-worker\/?/, '')
    place.folder = to === '.' || target === '' ? '' : to
  }
  for (const path of filesMadeBy(command)) place.made.add(path)
}

const problemsOfCommand = (
  command: ShellCommand,
  facts: Facts,
  place: Place,
  own: ReadonlySet<string>,
): readonly (string | undefined)[] => {
  const { words, variables } = withoutWrapper(command)
  const names = [...variables.map(([name]) => name), ...variablesInWords(words)]
  // A name in lower case is a variable of the script itself.
  const unknown = names.filter((name) => /^[A-Z]/.test(name) && !KNOWN_VARIABLES.has(name))
  move(command, place)
  return [
    ...unknown.map((name) => `there is no variable "${name}"`),
    words.length === 0 ? undefined : programProblem(words, facts, place),
    ...words.slice(1).map((word) => fileProblem(word.replace(/^.*=/, ''), facts, place, own)),
  ]
}

/** Returns the problems of all shell blocks, each with its place. The blocks of a page continue each other. */
export const shellProblems = (blocks: readonly Block[], facts: Facts): readonly string[] => {
  const places = new Map<string, Place>()
  return blocks.filter(isShell).flatMap((block) => {
    const place = places.get(block.page) ?? { folder: '', section: '', made: new Set<string>() }
    places.set(block.page, place)
    if (place.section !== block.section) Object.assign(place, { folder: '', section: block.section })
    const own = facts.filesOf(block.page)
    return commandsIn(block.code)
      .flatMap((command) => problemsOfCommand(command, facts, place, own))
      .filter((problem) => problem !== undefined)
      .map((problem) => `${block.page}:${block.line} ${problem}`)
  })
}

/** Files of each reader. */
const OF_EACH_READER = ['worker.js', 'worker.ts', 'worker.mjs', 'worker.cjs']

/** The files that a page gives its reader: in code spans, links and first lines of blocks, and those in its own folder. */
export const filesNamedIn = (
  markdown: string,
  page: string,
  siblings: readonly string[],
): ReadonlySet<string> => {
  const namesBy = (pattern: RegExp) => [...markdown.matchAll(pattern)].map(([, name = '']) => name)
  const spans = namesBy(/`([\w./-]*\.\w+)`/g)
  const titles = namesBy(/^ *```.*\n *(?:\/\/|#) ([\w./-]+\.\w+)/gm)
  const links = namesBy(/\]\(([^()\s]+\.\w+)\)/g).map((path) => basename(path))
  const folder = dirname(page)
  const near = siblings.filter((path) => dirname(path) === folder).map((path) => basename(path))
  return new Set([...OF_EACH_READER, ...spans, ...titles, ...links, ...near])
}

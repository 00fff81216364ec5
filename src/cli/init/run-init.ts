import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { CommandError, NAME, UsageError } from '../fail.js'
import { paint } from '../paint.js'
import type { Language } from './language.js'
import { projectFiles } from './project-files.js'
import { ownTarball, ownVersion, toolVersions } from './versions.js'

/** The flags of `avtomatika-worker init`. */
export interface InitFlags {
  readonly language?: Language
  readonly name?: string
  readonly package?: string
  readonly install: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** A copy of the tarball that this package came from: the project and its image work without the folder of the original. */
const TARBALL = 'avtomatika-worker.tgz'

/** Creates the project, and installs its packages. Asks only on a terminal, and only if no flag is given. */
export const runInit = async (given: string | undefined, flags: InitFlags): Promise<void> => {
  const { dir, language } = await choose(given, flags)
  const folder = resolve(dir)
  refuseOtherFiles(folder, dir)
  const name = flags.name ?? packageName(basename(folder))
  const copied = flags.package === undefined ? ownTarball() : undefined
  const tarball = copied && TARBALL
  const spec = flags.package ?? (tarball ? `file:${tarball}` : ownVersion())
  const files = projectFiles({ name, language, spec, tarball, tools: toolVersions() })
  for (const [path, text] of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
  if (copied) copyFileSync(copied, join(folder, TARBALL))
  const paths = [...files.map(([path]) => path), ...(tarball ? [tarball] : [])]
  if (!flags.json) for (const path of paths) console.log(`  ${join(dir, path)}`)
  const manager = packageManager(process.env['npm_config_user_agent'])
  if (flags.install) await install(manager, folder, dir)
  report({ dir, language, paths, manager }, flags)
}

interface Choice {
  readonly dir: string
  readonly language: Language
}

const choose = async (given: string | undefined, { language, yes, json }: InitFlags): Promise<Choice> => {
  const asks = !yes && !json && language === undefined && process.stdin.isTTY && process.stdout.isTTY
  if (!asks) return { dir: given ?? '.', language: language ?? 'typescript' }
  const questions = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const dir =
      given ?? ((await questions.question('Folder of the project [my-worker]: ')).trim() || 'my-worker')
    const answer = (await questions.question('Language, typescript or javascript [typescript]: ')).trim()
    return { dir, language: /^j/i.test(answer) ? 'javascript' : 'typescript' }
  } finally {
    questions.close()
  }
}

/** What a new folder may have already. */
const HARMLESS = new Set(['.git', '.gitkeep', '.DS_Store', '.idea', '.vscode', 'LICENSE'])

const refuseOtherFiles = (folder: string, dir: string): void => {
  const other = namesIn(folder, dir).find((name) => !HARMLESS.has(name))
  if (other === undefined) return
  throw new UsageError(`Cannot create a project in ${dir}: the folder has other files, such as ${other}.`, {
    next: `${NAME} init ${join(dir, 'my-worker')}`,
  })
}

const namesIn = (folder: string, dir: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new UsageError(`Cannot create a project in ${dir}: ${code ?? String(error)}`, {
      next: `${NAME} init my-worker`,
    })
  }
}

/** Returns a valid name of a package. Pure. */
export const packageName = (folder: string): string =>
  folder
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'my-worker'

const MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const
type Manager = (typeof MANAGERS)[number]

/** Returns the program that started this command. Pure. @param agent - such as `pnpm/9.1.0 node/v20.11.0` */
export const packageManager = (agent = ''): Manager =>
  MANAGERS.find((name) => agent.startsWith(`${name}/`)) ?? 'npm'

const install = async (manager: Manager, folder: string, dir: string): Promise<void> => {
  const quiet = manager === 'npm' ? ['--no-audit', '--no-fund'] : []
  // The output of the package manager must not mix with JSON on standard output.
  const child = spawn(manager, ['install', ...quiet], {
    cwd: folder,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  })
  const [code] = (await once(child, 'exit').catch((error: unknown) => [error])) as [unknown]
  if (code === 0) return
  throw new CommandError(
    'failed',
    `The project was created in ${dir}, but "${manager} install" failed (${code instanceof Error ? code.message : `exit code ${String(code)}`}).`,
    { next: `cd ${dir} && ${manager} install` },
  )
}

interface Created extends Choice {
  readonly paths: readonly string[]
  readonly manager: Manager
}

const report = (
  { dir, language, paths, manager }: Created,
  { json, install: installed }: InitFlags,
): void => {
  const here = relative(process.cwd(), resolve(dir))
  const enter = here === '' ? [] : [`cd ${here}`]
  const next = [...enter, ...(installed ? [] : [`${manager} install`]), `${manager} run dev`]
  if (json) {
    console.log(JSON.stringify({ dir: resolve(dir), language, files: paths, installed, next }))
    return
  }
  const send = [...enter, `${NAME} send hello '{"name": "you"}' --wait`]
  console.log(`\nCreated a ${language} worker. Start it:\n  ${paint('bold', next.join(' && '))}`)
  console.log(`Then send it a task from another terminal:\n  ${paint('bold', send.join(' && '))}`)
}

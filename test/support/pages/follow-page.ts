import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Child } from '../interop/child-process.js'
import { eventually } from '../interop/eventually.js'
import { freePort } from '../interop/free-port.js'
import { temporaryFolder } from '../temporary-folder.js'
import { patternOf, type Step, stepsOf, withPorts } from './page-steps.js'

export interface Reader {
  /** The folder in which the first command runs. */
  readonly folder: string
  /** The ports of the page. The reader uses free ones instead, because others may follow a page on this machine. */
  readonly ports: readonly number[]
  /** Further variables of the shells. */
  readonly env?: Readonly<Record<string, string>>
}

/** Does what a page tells its reader, in the same order: saves the files, types the commands and compares what they print. */
export const followPage = async (path: string, reader: Reader): Promise<void> => {
  const steps = stepsOf(readFileSync(path, 'utf8'))
  const ports = Object.fromEntries(
    await Promise.all(reader.ports.map(async (port) => [String(port), await freePort()] as const)),
  )
  const desk = new Desk(reader, ports)
  for (const step of steps) await desk.take(step)
}

/** Only a command that hangs takes so long: an installation has to download packages. */
const COMMAND_MS = 300_000

/** The terminals of one reader. */
class Desk {
  readonly #ports: Readonly<Record<string, number>>
  readonly #env: NodeJS.ProcessEnv
  readonly #terminals = new Map<number, Child>()
  readonly #whereabouts = join(temporaryFolder(), 'folder')
  #folder: string

  constructor({ folder, env }: Reader, ports: Readonly<Record<string, number>>) {
    this.#folder = folder
    this.#ports = ports
    this.#env = { ...cleanEnvironment(temporaryFolder()), ...env }
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'file') this.#save(step.path, this.#own(step.text))
    else if (step.kind === 'command') await this.#run(step.terminal, this.#own(step.text))
    else if (step.kind === 'output') await this.#expect(step.terminal, this.#own(step.text))
    else await this.#running(step.terminal).end('SIGINT')
  }

  #own(text: string): string {
    return withPorts(text, this.#ports)
  }

  #save(path: string, text: string): void {
    const target = join(this.#folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }

  /** Terminal 1 is for commands that end. The commands of other terminals go on while the reader does something else. */
  async #run(terminal: number, command: string): Promise<void> {
    await this.#untilFree(terminal)
    // Only terminal 1 writes: a reader would find the file empty while another terminal writes.
    const script = terminal === 1 ? `${command}\npwd > ${this.#whereabouts}` : command
    const child = new Child('bash', ['-ec', script], { cwd: this.#folder, env: this.#env })
    onTestFinished(() => child.end())
    this.#terminals.set(terminal, child)
    if (terminal !== 1) return
    const hasEnded = () => child.hasEnded
    await eventually(`it ends: ${command}`, hasEnded, { deadlineMs: COMMAND_MS }, () => child.output)
    const code = await child.ended()
    if (code !== 0) throw new Error(`exit code ${code} of\n${command}\n${child.output}\n${this.#others()}`)
    this.#folder = readFileSync(this.#whereabouts, 'utf8').trim()
  }

  /** A program may print its last line a moment before it ends. */
  async #untilFree(terminal: number): Promise<void> {
    const child = this.#terminals.get(terminal)
    if (!child) return
    await eventually(
      `terminal ${terminal} is free`,
      () => child.hasEnded,
      {},
      () => child.output,
    )
  }

  async #expect(terminal: number, text: string): Promise<void> {
    const child = this.#running(terminal)
    const pattern = patternOf(text)
    const hasPrinted = () => pattern.test(child.output)
    const isOver = () => hasPrinted() || child.hasEnded
    const hope = `terminal ${terminal} prints ${JSON.stringify(text)}`
    if (terminal !== 1) await eventually(hope, isOver, {}, () => child.output)
    // The last lines of a program arrive after its end.
    if (child.hasEnded) await child.ended()
    if (!hasPrinted())
      throw new Error(`the page shows\n${text}\nbut the command printed\n${child.output}\n${this.#others()}`)
  }

  #running(terminal: number): Child {
    const child = this.#terminals.get(terminal)
    if (child) return child
    throw new Error(`nothing was started in terminal ${terminal}`)
  }

  #others(): string {
    const others = [...this.#terminals].filter(([terminal]) => terminal !== 1)
    return others.map(([terminal, { output }]) => `── terminal ${terminal}\n${output}`).join('\n')
  }
}

/** Variables of npm, of the test runner and of workers, which a reader does not have. */
const OF_THE_TESTS =
  /^(npm_|NODE|VITE|TEST$|PROD$|DEV$|SSR$|MODE$|BASE_URL$|WORKER_|ORCHESTRATOR|S3_|XDG_|CI$|LOG_)/i

/** The variables of a new user of this machine, who has the package caches of the old one. */
const cleanEnvironment = (home: string): NodeJS.ProcessEnv => {
  const cache = join(homedir(), '.cache')
  const own = Object.entries(process.env).filter(([name]) => !OF_THE_TESTS.test(name))
  return {
    GOMODCACHE: join(homedir(), 'go', 'pkg', 'mod'),
    GOCACHE: join(cache, 'go-build'),
    PIP_CACHE_DIR: join(cache, 'pip'),
    ...Object.fromEntries(own),
    HOME: home,
    GOPATH: join(home, 'go'),
    NPM_CONFIG_USERCONFIG: join(homedir(), '.npmrc'),
    NPM_CONFIG_CACHE: join(homedir(), '.npm'),
    NPM_CONFIG_PREFER_OFFLINE: 'true',
    NPM_CONFIG_UPDATE_NOTIFIER: 'false',
  }
}

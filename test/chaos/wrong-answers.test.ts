import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { SEED, seededDice } from '../support/chaos/dice.js'
import { UnrulyOrchestrator } from '../support/chaos/unruly-orchestrator.js'
import { type Endpoint, WRONG_ANSWERS } from '../support/chaos/wrong-answers.js'
import { WRONG_SOCKETS } from '../support/chaos/wrong-sockets.js'
import { compiledProgram } from '../support/compiled-program.js'
import { GENERATIONS, type Generation } from '../support/generations.js'
import { eventually } from '../support/interop/eventually.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** For each generation. `FUZZ_ROUNDS=1500` is the whole of it. */
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 250)
/** After this many rounds the orchestrator behaves, until nothing is open. */
const ERA = 50
const REQUESTS_OF_A_ROUND = 6
const ENDPOINTS: readonly Endpoint[] = [
  'probe',
  'registration',
  'heartbeat',
  'poll',
  'result',
  'event',
  'token',
]
const ONCE: ReadonlySet<Endpoint> = new Set(['probe', 'registration', 'token'])
const PROGRAM = new URL('../support/chaos/watched.child.ts', import.meta.url)

interface Figures {
  readonly healthPort: number | undefined
  readonly longestBlockMs: number
  readonly mostBytes: number
}

const startWorker = (url: string, generation: Generation, folder: string) => {
  const env = {
    ...process.env,
    ORCHESTRATOR_URL: url,
    ORCHESTRATOR_PROTOCOL: 'auto',
    WORKER_ID: 'w1',
    WORKER_TOKEN: 'token',
    WORKER_PORT: '0',
    WORKER_STATE_DIR: folder,
    WORKER_ENABLE_WEBSOCKETS: 'true',
    WORKER_USE_STS: String(generation === 'rxon'),
    MAX_CONCURRENT_TASKS: '4',
    HEARTBEAT_INTERVAL: '0.05',
    WORKER_HEARTBEAT_DEBOUNCE_DELAY: '0.01',
    TASK_POLL_TIMEOUT: '1',
    TASK_POLL_ERROR_DELAY: '0.01',
    RESULT_RETRY_INITIAL_DELAY: '0.01',
    WORKER_SHUTDOWN_TIMEOUT: '2',
  }
  const stdio = ['ignore', process.env['SHOW_LOG'] ? 'inherit' : 'ignore', 'pipe', 'ipc'] as const
  const child = spawn(process.execPath, [compiledProgram(PROGRAM)], { env, stdio: [...stdio] })
  const complaint = child.stderr ? text(child.stderr) : Promise.resolve('')
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, complaint, ended }
}

const figuresOf = async (child: ChildProcess): Promise<Figures> => {
  const answer = once(child, 'message')
  child.send('figures')
  const [figures] = (await answer) as [Figures]
  return figures
}

const statusOf = async (port: number | undefined, path: string): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  await answer.arrayBuffer()
  return answer.status
}

test.each(GENERATIONS)(
  `no wrong answer ends or blocks a worker, or costs a task: %s, seed ${SEED}`,
  {
    timeout: 3_600_000,
  },
  async (generation) => {
    const dice = seededDice(SEED)
    const oneOf = <T>(items: readonly T[]): T => items[Math.floor(dice() * items.length)] as T
    const orchestrator = await UnrulyOrchestrator.start(generation)
    onTestFinished(() => orchestrator.close())
    const folder = temporaryFolder()
    const { child, complaint, ended } = startWorker(orchestrator.url, generation, folder)
    const died = ended.then(async ([code, signal]) => {
      throw new Error(`the worker ended with ${code ?? signal}: ${await complaint}`)
    })
    died.catch(() => {})
    const letters = join(folder, 'dead-letters')
    const kept = () =>
      existsSync(letters) ? readdirSync(letters).map((name) => name.replace(/\.json$/, '')) : []
    const open = () => {
      const dead = new Set(kept())
      return [...orchestrator.unanswered].filter((id) => !dead.has(id))
    }
    const used = new Set<string>()
    let history: string[] = []
    let longestRecoveryMs = 0
    let longestBlockMs = 0
    let mostBytes = 0
    let recent: string[] = []

    const round = async () => {
      orchestrator.offer(2)
      const isSocket = dice() < 0.2
      if (isSocket) {
        const wrong = oneOf(WRONG_SOCKETS)
        recent.push(`socket: ${wrong.name}`)
        orchestrator.planSocket(wrong)
      }
      const endpoint = oneOf(ENDPOINTS)
      const wrong = oneOf(WRONG_ANSWERS.filter(({ only }) => !only || only.includes(endpoint)))
      used.add(wrong.name)
      recent.push(`${endpoint}: ${wrong.name}`)
      orchestrator.plan(endpoint, wrong, 1 + Math.floor(dice() * 3))
      // These are asked for by a worker that registers.
      if (dice() < 0.1 || ONCE.has(endpoint)) orchestrator.forgets = 1
      await orchestrator.requests(REQUESTS_OF_A_ROUND)
    }

    const recovers = async () => {
      orchestrator.behave()
      const sinceMs = performance.now()
      const { healthPort, ...figures } = await figuresOf(child)
      expect(await statusOf(healthPort, '/livez')).toBe(200)
      await eventually(
        'every task has its result',
        () => open().length === 0,
        {},
        () => [open(), history, recent],
      )
      await eventually(
        'the worker is ready',
        async () => (await statusOf(healthPort, '/readyz')) === 200,
        {},
        () => [history, recent],
      )
      longestRecoveryMs = Math.max(longestRecoveryMs, performance.now() - sinceMs)
      longestBlockMs = Math.max(longestBlockMs, figures.longestBlockMs)
      mostBytes = Math.max(mostBytes, figures.mostBytes)
      history = recent
      recent = []
    }

    const all = async () => {
      await orchestrator.requests(1)
      for (let n = 1; n <= ROUNDS; n++) {
        await round()
        if (n % ERA === 0) await recovers()
      }
      await recovers()
    }
    await Promise.race([all(), died])
    const figures = {
      generation,
      rounds: ROUNDS,
      wrong: orchestrator.wrong,
      kinds: used.size,
      taken: orchestrator.taken,
      deadLetters: kept().length,
      longestBlockMs: Math.round(longestBlockMs),
      mostMb: Math.round(mostBytes / 1e6),
      longestRecoveryMs: Math.round(longestRecoveryMs),
    }
    console.log(JSON.stringify(figures))
    expect(orchestrator.taken).toBeGreaterThan(ROUNDS / 2)
    expect(longestBlockMs).toBeLessThan(1_000)
    expect(mostBytes).toBeLessThan(600e6)
  },
)

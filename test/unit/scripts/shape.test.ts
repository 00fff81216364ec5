import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callsOfOneTask } from '../../../scripts/shape/one-task.mjs'
import { median } from '../../../scripts/shape/syntax.mjs'
import { shapeOf } from '../../../scripts/shape.mjs'
import { temporaryFolder } from '../../support/temporary-folder.js'

const interfaces = `import type { Other } from './b.js'
export type Listener = (event: string) => void
type Twice = Listener | undefined
export interface EngineOptions {
  readonly fuel: number
  readonly onStart: () => void
  onStop?: (() => void) | undefined
  readonly listener: Listener
  twice?: Twice
  method(): void
  other: Other
  nested: { readonly inner: () => void }
}
interface EngineParts { a: 1 }
interface Engine { readonly parts: EngineParts }
`

const functions = `export class A {
  #field = () => {
    return 1
  }
  get x() { return 1 }
  method(list: number[]) {
    return list.map((each) => {
      const one = 1
      const two = 2
      return each + one + two
    })
  }
}
`

const tree = {
  'a.ts': functions,
  'b.ts': `import { c } from './deep/c.js'\nexport type Other = typeof c\n`,
  'deep/c.ts': `import type { Other } from '../b.js'\nexport const c: Other | 1 = 1\n`,
  'runtime/interfaces.ts': interfaces,
  'runtime/long.ts': '// a line\n'.repeat(301),
}

describe('the figures of the source', () => {
  const { rows, lists } = shapeOf(tree)
  const figures = Object.fromEntries(rows)

  it('are sizes', () => {
    expect(figures).toMatchObject({
      files: 5,
      lines: 13 + 2 + 2 + 15 + 301,
      'largest folder': 'runtime: 316 lines in 2 files',
      'lines below runtime/': 316,
      'median lines of a file': 13,
      'files over 300 lines': 1,
    })
  })

  it('are lines of named functions, without those that are only passed on', () => {
    expect(figures['median lines of a named function']).toBe('3, of 3 functions')
  })

  it('are properties that hold a function, also optional ones and through aliases, and no methods', () => {
    const members = (names: string[]) => names.map((name) => `runtime/interfaces.ts: EngineOptions.${name}`)
    expect(lists['callback members in interfaces, written out']).toEqual(members(['onStart', 'onStop']))
    expect(lists['callback members in interfaces, through an alias']).toEqual(members(['listener', 'twice']))
  })

  it('are interfaces of options and parts', () => {
    const names = lists['…Options and …Parts interfaces']
    expect(names).toEqual(['runtime/interfaces.ts: EngineOptions', 'runtime/interfaces.ts: EngineParts'])
  })

  it('are cycles, also of types', () => {
    expect(lists['import cycles']).toEqual(['b.ts deep/c.ts'])
  })
})

it.each([
  [[], 0],
  [[3], 3],
  [[9, 1, 2], 2],
  [[4, 1, 2, 9], 3],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})

/** The least that looks like a built package: the worker asks for one task at a time. */
const built = {
  'index.js': `import { twice } from './math.js'
export class WorkerConfig { constructor(values) { Object.assign(this, values) } }
export class Worker {
  constructor({ config }) { this.url = config.ORCHESTRATOR_URL }
  task(name, handler) { this.handler = handler }
  on(name, listener) { this.listener = listener }
  async start() {
    for (;;) {
      const params = await (await fetch(this.url)).json()
      await fetch(this.url, { method: 'POST', body: JSON.stringify(twice(this.handler, params)) })
      this.listener()
    }
  }
}
`,
  'math.js': `const once = (handler, params) => handler(params)
export const twice = (handler, params) => [once(handler, params), once(handler, params)]
export const never = () => {}
`,
  'package.json': '{ "type": "module" }',
  'dev/index.js': `import { createServer } from 'node:http'
import { EventEmitter, once } from 'node:events'
export const startOrchestrator = async () => {
  const events = new EventEmitter()
  let held
  const server = createServer((request, response) => {
    if (request.method === 'POST') { response.end(); events.emit('done') } else { held = response; events.emit('poll') }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  let done
  return {
    url: 'http://127.0.0.1:' + server.address().port,
    waitForWorker: async () => held ?? once(events, 'poll'),
    createJob: async ({ params }) => { done = once(events, 'done'); held.end(JSON.stringify(params)); return { id: '1' } },
    waitForJob: () => done,
    close: () => { server.closeAllConnections(); server.close() },
  }
}
`,
}

it('counts the files, functions and calls of one task in the worker, not those of its start', async () => {
  const dist = temporaryFolder()
  for (const [path, text] of Object.entries(built)) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    writeFileSync(join(dist, path), text)
  }
  // Three calls in math.js. In index.js, `start` continues after each of its three awaits.
  expect(await callsOfOneTask(dist, 50)).toEqual({ files: 2, functions: 3, calls: 6 })
})

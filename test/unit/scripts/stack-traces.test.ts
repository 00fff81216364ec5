import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { frameProblem, framesBelow, stackProblems } from '../../../scripts/pack/stack-traces.mjs'
import { temporaryFolder } from '../../support/temporary-folder.js'

const stack = `ConfigError: The configuration cannot be used:
  a line of the message
    at Checks.throwIfAny (file:///x/dist/config/checks.js:24:19)
    at new Worker (file:///x/dist/worker.js:59:40)
    at #run (file:///x/dist/worker.js:60:1)
    at async Worker.start (file:///x/dist/worker.js:61:1)
    at Object.[nodejs.dispose] [as other] (file:///x/dist/worker.js:62:1)
    at file:///x/dist/worker.js:63:1
    at /x/dist/common.js:64:1
    at Promise.all (index 0)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at handler (file:///x/program.mjs:3:1)`

it('reads the frames of one folder, with the last part of each name', () => {
  const frames = framesBelow(stack, '/x/dist').map(({ name, path, line }) => `${name} ${path}:${line}`)
  expect(frames).toEqual([
    'throwIfAny config/checks.js:24',
    'Worker worker.js:59',
    '#run worker.js:60',
    'start worker.js:61',
    ' worker.js:62',
    ' worker.js:63',
    ' common.js:64',
  ])
})

describe('a frame', () => {
  let [dist, src] = ['', '']
  beforeEach(() => {
    const root = temporaryFolder()
    dist = join(root, 'dist')
    src = join(root, 'src')
    for (const folder of [dist, src]) mkdirSync(folder)
    writeFileSync(join(dist, 'a.js'), 'class A {\n    #m() {\n        throw 1;\n    }\n    #run() { }\n}')
    writeFileSync(join(src, 'a.ts'), 'class A {\n  #run() {}\n}')
  })

  it.each([
    ['that is right', { name: '#run', path: 'a.js', line: 5 }, undefined],
    ['without a name', { name: '', path: 'a.js', line: 6 }, undefined],
    ['in a file that does not exist', { name: '', path: 'b.js', line: 1 }, /does not exist/],
    ['behind the last line', { name: '', path: 'a.js', line: 7 }, /has 6 lines/],
    ['above its function', { name: '#run', path: 'a.js', line: 4 }, /not in or below "#run"/],
    ['with a name that the source lacks', { name: '#m', path: 'a.js', line: 3 }, /source has no "#m"/],
  ])('%s', (_what, frame, problem) => {
    const found = frameProblem(frame, dist, src)
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(problem)
  })

  it('has to be there', () => {
    const stacks = { good: `Error\n    at #run (${dist}/a.js:5:1)`, elsewhere: 'Error\n    at a (/b.js:1:1)' }
    expect(stackProblems(stacks, dist, src)).toEqual(['elsewhere: no frame lies in the package'])
  })
})

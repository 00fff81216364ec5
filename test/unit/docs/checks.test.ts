import { expect, test } from 'vitest'
import { blocksIn } from '../../support/docs/blocks.js'
import { problemOfArguments } from '../../support/docs/command-arguments.js'
import { dataProblem } from '../../support/docs/data.js'
import { ROOT } from '../../support/docs/pages.js'
import { pythonProblems } from '../../support/docs/python.js'
import { commandsIn } from '../../support/docs/shell.js'
import { filesNamedIn, shellProblems, variablesInText } from '../../support/docs/shell-check.js'
import { findPython } from '../../support/interop/python-env.js'

const fence = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\`\n`

const problemsOf = (markdown: string): readonly string[] =>
  shellProblems(blocksIn('page.md', markdown), {
    root: ROOT,
    npmScripts: new Set(['build', 'test']),
    projectScripts: new Set(['dev']),
    problemOfArguments,
    filesOf: (page) => filesNamedIn(markdown, page, []),
  }).map((problem) => problem.replace(/^page\.md:\d+ /, ''))

const sh = (...lines: readonly string[]): readonly string[] => problemsOf(fence('sh', lines.join('\n')))

test('blocks have a language, a line, a section, their example and their given declarations', () => {
  const markdown = [
    '# Title',
    fence('', 'plain'),
    '## Section',
    '<!-- example: examples/a.ts#part -->',
    fence('ts', 'a'),
    '<!-- given: declare const rate: number -->',
    '  ```js\n  b\n    c\n  ```',
  ].join('\n')
  expect(blocksIn('page.md', markdown)).toEqual([
    { page: 'page.md', line: 3, section: 'Title', language: '', code: 'plain', given: '' },
    {
      page: 'page.md',
      line: 9,
      section: 'Section',
      language: 'ts',
      code: 'a',
      given: '',
      example: 'examples/a.ts',
    },
    {
      page: 'page.md',
      line: 14,
      section: 'Section',
      language: 'js',
      code: 'b\n  c',
      given: 'declare const rate: number',
    },
  ])
  expect(() => blocksIn('page.md', '```ts\nnever closed')).toThrow('page.md:1: the block is not closed')
})

test('a script is split into commands', () => {
  const script = [
    `A=1 B='two words' node "a b".js --x=\\$1 # a comment`,
    'npm ci && npm run build   # another one',
    'curl x \\',
    `  -d '{"a": 1}' | jq .a > out.json 2>/dev/null; cat <<'END' > file`,
    'not a command "',
    'END',
    'if true; then echo $(date +%s) "$HOME x"; fi',
  ].join('\n')
  expect(commandsIn(script).map(({ words }) => words)).toEqual([
    ['node', 'a b.js', '--x=$1'],
    ['npm', 'ci'],
    ['npm', 'run', 'build'],
    ['curl', 'x', '-d', '{"a": 1}'],
    ['jq', '.a'],
    ['cat'],
    ['true'],
    ['echo', '$(date +%s)', '$HOME x'],
    [],
  ])
  expect(commandsIn(script)[0]?.variables).toEqual([
    ['A', '1'],
    ['B', 'two words'],
  ])
  expect(commandsIn(script).flatMap(({ writes }) => writes)).toEqual(['out.json', '/dev/null', 'file'])
  expect(() => commandsIn(`echo 'open`)).toThrow('a quote is not closed')
})

test.each([
  ['npm run biuld', 'there is no npm script "biuld"'],
  ['npm instal', 'npm has no command "instal"'],
  ['npx avtomatika-worker sned hello', "unknown command 'sned'"],
  ['npx avtomatika-worker send hello --weit', "unknown option '--weit'"],
  ['npx avtomatika-worker send', "missing required argument 'task'"],
  ['npx avtomatika-worker init x --language go', 'Allowed choices are typescript, javascript'],
  ['npx --package ./x.tgz avtomatika-worker outbox lst', "unknown command 'lst'"],
  ['WORKER_TOKNE=x node worker.js', 'there is no variable "WORKER_TOKNE"'],
  ['docker run -e WORKER_IT=x image', 'there is no variable "WORKER_IT"'],
  ['sudo systemclt start x', 'there is no program "systemclt"'],
  ['node scripts/readmi.mjs', 'the file "scripts/readmi.mjs" does not exist'],
  [
    'docker compose -f examples/deploy/compose.yml up',
    'the file "examples/deploy/compose.yml" does not exist',
  ],
])('%s: %s', (command, problem) => {
  expect(sh(command)).toEqual([expect.stringContaining(problem)])
})

test('commands that work have no problems', () => {
  expect(
    sh(
      'npm ci && npm run build',
      "npx avtomatika-worker send hello '{}' --wait --json",
      'WORKER_TOKEN=… RATE_LIMIT_POLL_LIMIT=6000 node worker.js',
      'printf x > clients.toml && cat clients.toml',
      'npx tsx examples/hello.ts',
      'cd node_modules/avtomatika-worker/ops',
      'promtool check config prometheus.yml',
    ),
  ).toEqual([])
})

test('the scripts of a new project are known where the reader is in it, and only there', () => {
  const inProject = fence('sh', 'cd my-worker && npm run dev')
  expect(problemsOf(`## One\n${inProject}`)).toEqual([])
  expect(problemsOf(`## One\n${inProject}## Two\n${fence('sh', 'npm run dev')}`)).toEqual([
    'there is no npm script "dev"',
  ])
})

test('a file exists if the page names it', () => {
  const block = fence('sh', 'python flow.py')
  expect(problemsOf(block)).toEqual(['the file "flow.py" does not exist, and the page does not name it'])
  expect(problemsOf(`Save this as \`flow.py\`:\n${block}`)).toEqual([])
  expect(problemsOf(`${fence('python', '# flow.py\nimport x')}${block}`)).toEqual([])
})

test.each([
  ['json', '{ "a": 1, }'],
  ['yaml', 'a: [1'],
  ['toml', 'a = '],
  ['ini', '[Service]\nExecStart'],
])('broken %s has a problem', (language, code) => {
  const [block] = blocksIn('page.md', fence(language, code))
  expect(block && dataProblem(block)).toMatch(new RegExp(`^page\\.md:2 ${language}: `))
})

const python = findPython()

test.skipIf(!python)('broken Python has a problem', () => {
  const blocks = blocksIn('page.md', fence('python', 'x = 1') + fence('py', 'def ('))
  expect(pythonProblems(python?.command ?? '', blocks)).toEqual([
    expect.stringMatching(/^page\.md:5 .*line 1/),
  ])
})

test('variables are read from files with settings', () => {
  expect(
    variablesInText('[Service]\nEnvironment=WORKER_ID=a\nRestart=always\nNODE_ENV=x\nexport TZ=UTC'),
  ).toEqual(['WORKER_ID', 'NODE_ENV', 'TZ'])
})

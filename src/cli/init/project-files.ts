import { DOCKERIGNORE, dockerfile } from './dockerfile.js'
import type { Language } from './language.js'

/** What a new project depends on. */
export interface Project {
  readonly name: string
  readonly language: Language
  /** The version or the tarball of avtomatika-worker. */
  readonly spec: string
  /** The tarball in the folder of the project that `spec` names. The image needs it, too. */
  readonly tarball?: string | undefined
  readonly tools: Readonly<Record<'tsx' | 'typescript' | '@types/node', string>>
}

/** Returns the files of a new project: their paths and texts. Pure. */
export const projectFiles = (project: Project): readonly (readonly [path: string, text: string])[] => {
  const { language, tarball } = project
  const extension = language === 'typescript' ? 'ts' : 'js'
  return [
    ['package.json', manifest(project)],
    [`src/worker.${extension}`, WORKER],
    [`test/worker.test.${extension}`, TEST],
    ...(language === 'typescript' ? TYPESCRIPT_FILES : []),
    ['Dockerfile', dockerfile(language, tarball)],
    ['.dockerignore', DOCKERIGNORE],
    ['.env.example', ENVIRONMENT],
    ['.gitignore', 'node_modules/\ndist/\n.env\n'],
    ['README.md', readme(project)],
  ]
}

const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`

const manifest = ({ name, language, spec, tools }: Project): string =>
  json({
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19.0' },
    scripts: language === 'typescript' ? TYPESCRIPT_SCRIPTS : JAVASCRIPT_SCRIPTS,
    dependencies: { 'avtomatika-worker': spec },
    ...(language === 'typescript' && { devDependencies: tools }),
  })

const JAVASCRIPT_SCRIPTS = {
  dev: 'avtomatika-worker dev src/worker.js',
  start: 'avtomatika-worker run src/worker.js --env-file-if-exists .env',
  test: 'node --test test/*.test.js',
  doctor: 'avtomatika-worker doctor --env-file-if-exists .env',
}

const TYPESCRIPT_SCRIPTS = {
  dev: 'avtomatika-worker dev src/worker.ts',
  build: 'tsc -p tsconfig.build.json',
  start: 'npm run build && avtomatika-worker run dist/worker.js --env-file-if-exists .env',
  test: 'node --import tsx --test test/*.test.ts',
  types: 'tsc',
  doctor: 'avtomatika-worker doctor --env-file-if-exists .env',
}

const TYPESCRIPT_FILES: readonly (readonly [string, string])[] = [
  [
    'tsconfig.json',
    json({
      compilerOptions: {
        target: 'ES2023',
        module: 'NodeNext',
        types: ['node'],
        strict: true,
        skipLibCheck: true,
        noEmit: true,
      },
      include: ['src', 'test'],
    }),
  ],
  [
    'tsconfig.build.json',
    json({
      extends: './tsconfig.json',
      compilerOptions: { noEmit: false, rootDir: 'src', outDir: 'dist', sourceMap: true },
      include: ['src'],
    }),
  ],
]

const WORKER = `import { InvalidInputError, Worker } from 'avtomatika-worker'

const worker = new Worker()

worker.task('hello', async ({ name = 'world' }, { log, progress }) => {
  if (typeof name !== 'string') throw new InvalidInputError('name: expected a text')
  log.info({ name }, 'Greeting somebody')
  progress(0.5, 'half of the words')
  return { greeting: \`Hello, \${name}!\` }
})

export default worker
`

/** The variables have to be set before the worker reads them. */
const TEST = `import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startOrchestrator } from 'avtomatika-worker/dev'

// An orchestrator in this process, on a free port.
const orchestrator = await startOrchestrator()
Object.assign(process.env, { ORCHESTRATOR_URL: orchestrator.url, WORKER_JOURNAL: 'false', LOG_LEVEL: 'error' })
const { default: worker } = await import('../src/worker.js')
await worker.start()
await orchestrator.waitForWorker('hello')

after(async () => {
  await worker.stop({ pollGraceMs: 0 })
  await orchestrator.close()
})

const run = async (params = {}) => {
  const { id } = await orchestrator.createJob({ task: 'hello', params })
  return orchestrator.waitForJob(id)
}

test('greets somebody', async () => {
  const { history } = await run({ name: 'you' })
  assert.deepEqual({ ...history }, { greeting: 'Hello, you!' })
})

test('refuses a name that is no text', async () => {
  const { status, errorMessage } = await run({ name: 5 })
  assert.equal(status, 'failed')
  assert.match(errorMessage ?? '', /name: expected a text/)
})
`

const ENVIRONMENT = `# Copy this file to .env, and set the values of your orchestrator. "npm run doctor" checks them.
ORCHESTRATOR_URL=http://localhost:8080
WORKER_TOKEN=
# Unique at each orchestrator. Without it, each start has another id.
WORKER_ID=
MAX_CONCURRENT_TASKS=10
# Directory for accepted tasks and undelivered results; keep it over restarts.
WORKER_STATE_DIR=
`

const readme = ({ name, language }: Project): string => `# ${name}

\`\`\`sh
npm run dev      # an orchestrator for development, and the worker, restarted on save
npx avtomatika-worker send hello '{"name": "you"}' --wait   # in another terminal
npm test
${language === 'typescript' ? 'npm run types\n' : ''}\`\`\`

For a real orchestrator, copy \`.env.example\` to \`.env\` and set \`ORCHESTRATOR_URL\` and \`WORKER_TOKEN\`. Then:

\`\`\`sh
npm run doctor   # checks the configuration, the orchestrator and this machine
npm start
docker build -t ${name} . && docker run --env-file .env ${name}
\`\`\`
`

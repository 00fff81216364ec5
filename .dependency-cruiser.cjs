const { existsSync } = require('node:fs')
const { join } = require('node:path')

/**
 * Who may import whom in `src/`: docs/explanation/architecture.md as rules. Type imports count like any other.
 * `npm run layers` checks them; test/unit/scripts/layers.test.ts checks that they bite.
 */

/** Besides itself, errors.ts, events.ts and settings.ts, a folder may import these folders. */
const mayImport = {
  utils: [],
  health: [],
  protocol: ['utils'],
  tracing: ['protocol', 'utils', 'version.ts'],
  config: ['protocol', 'utils'],
  transport: ['utils'],
  storage: ['transport', 'utils'],
  orchestrators: ['protocol', 'tracing', 'transport', 'utils'],
  tasks: ['protocol', 'storage', 'tracing', 'utils'],
  journal: ['protocol', 'transport', 'utils'],
  delivery: ['protocol', 'transport', 'utils'],
  execution: ['tasks', 'delivery', 'journal', 'protocol', 'tracing', 'utils'],
  polling: ['execution', 'orchestrators', 'journal', 'transport', 'protocol', 'utils'],
  connections: [
    'polling',
    'execution',
    'orchestrators',
    'tasks',
    'tracing',
    'transport',
    'protocol',
    'utils',
  ],
  takeover: ['connections', 'delivery', 'journal', 'tasks', 'protocol', 'utils'],
  observability: [
    'takeover',
    'connections',
    'execution',
    'delivery',
    'journal',
    'orchestrators',
    'tasks',
    'storage',
    'protocol',
    'utils',
    'version.ts',
  ],
  runtime: [
    'observability',
    'takeover',
    'connections',
    'polling',
    'execution',
    'delivery',
    'journal',
    'orchestrators',
    'tasks',
    'tracing',
    'transport',
    'protocol',
    'utils',
  ],
  client: ['transport', 'protocol', 'tasks', 'utils'],
  // Not protocol: both ends of a test must not share one mistake.
  dev: ['utils'],
  testing: ['client', 'dev', 'tasks', 'storage', 'protocol', 'utils'],
  cli: [
    'error-codes.ts',
    'worker.ts',
    'client',
    'dev',
    'testing',
    'config',
    'journal',
    'orchestrators',
    'protocol/protocol.ts',
    'protocol/routes.ts',
    'protocol/select.ts',
    'runtime/shutdown.ts',
    'storage/s3-errors.ts',
    'storage/s3-store.ts',
    'tasks/define-task.ts',
    'tasks/describe-thrown.ts',
    'transport',
    'utils',
  ],
}

/** These are not part of a worker: a worker never loads them. */
const besideTheWorker = ['client', 'dev', 'testing', 'cli']
const partsOfTheWorker = Object.keys(mayImport).filter((folder) => !besideTheWorker.includes(folder))

/** The files at the top of `src/`. */
const filesMayImport = {
  'error-codes': [],
  errors: ['error-codes.ts'],
  events: ['errors.ts', 'protocol', 'utils'],
  version: [],
  settings: ['protocol', 'utils'],
  logger: ['settings.ts', 'utils'],
  'worker-options': ['config', 'connections', 'execution', 'storage', 'utils'],
  'worker-tasks': ['config', 'tasks'],
  'worker-foundation': [
    'events.ts',
    'logger.ts',
    'worker-options.ts',
    'config',
    'runtime',
    'storage',
    'tasks',
    'utils',
  ],
  worker: [
    'errors.ts',
    'events.ts',
    'settings.ts',
    'worker-foundation.ts',
    'worker-options.ts',
    'worker-tasks.ts',
    ...partsOfTheWorker,
  ],
  index: [
    'errors.ts',
    'events.ts',
    'version.ts',
    'worker.ts',
    'worker-options.ts',
    'worker-tasks.ts',
    ...partsOfTheWorker,
  ],
}

/** The only folders that may import these packages. */
const homeOfPackage = {
  undici: ['transport'],
  ws: ['transport', 'dev'],
  pino: ['logger.ts'],
  hono: ['dev'],
  '@hono/node-server': ['dev'],
  commander: ['cli'],
  chokidar: ['cli'],
  '@aws-sdk/client-s3': ['storage'],
  '@opentelemetry/api': ['tracing'],
  '@cfworker/json-schema': ['tasks'],
}

const place = (name) => {
  if (!existsSync(join(__dirname, 'src', name)))
    throw new Error(`.dependency-cruiser.cjs names src/${name}, which does not exist. Remove or correct it.`)
  return name.endsWith('.ts') ? `${name.replace('.', '\\.')}$` : `${name}/`
}

const places = (names) => `^src/(${names.map(place).join('|')})`

const onlyTo = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `May import: ${allowed.join(', ') || 'nothing'} (see .dependency-cruiser.cjs)`,
  from: { path: from },
  to: { path: '^src/', ...(allowed.length > 0 && { pathNot: places(allowed) }) },
})

const foldersKeepTheirLayer = Object.entries(mayImport).map(([folder, others]) =>
  onlyTo(`layer-${folder}`, places([folder]), [folder, 'errors.ts', 'events.ts', 'settings.ts', ...others]),
)

const filesKeepTheirLayer = Object.entries(filesMayImport).map(([file, others]) =>
  onlyTo(`layer-${file}.ts`, places([`${file}.ts`]), others),
)

const packagesStayAtHome = Object.entries(homeOfPackage).map(([name, homes]) => ({
  name: `package-${name}`,
  severity: 'error',
  comment: `Only ${homes.join(' and ')} may import ${name}`,
  from: { path: '^src/', pathNot: places(homes) },
  to: { path: `(^|/)node_modules/(@types/)?${name}/` },
}))

/** The modules that only metrics and diagnoses need. */
const onDemand = places(
  [
    'accept',
    'diagnose',
    'diagnose-connection',
    'event-loop-lag',
    'exporter',
    'families',
    'own-samples',
    'process-samples',
    'write-text',
  ].map((file) => `observability/${file}.ts`),
)

const forbid = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to })

module.exports = {
  forbidden: [
    ...foldersKeepTheirLayer,
    ...filesKeepTheirLayer,
    ...packagesStayAtHome,
    forbid(
      'layer-unknown',
      'A new folder or top-level file needs a line in .dependency-cruiser.cjs',
      {
        path: '^src/',
        pathNot: places([
          ...Object.keys(mayImport),
          ...Object.keys(filesMayImport).map((file) => `${file}.ts`),
        ]),
      },
      {},
    ),
    forbid(
      'twins-classic',
      'The generations never see each other',
      { path: '^src/protocol/classic/' },
      { path: '^src/protocol/rxon/' },
    ),
    forbid(
      'twins-rxon',
      'The generations never see each other',
      { path: '^src/protocol/rxon/' },
      { path: '^src/protocol/classic/' },
    ),
    forbid(
      'protocol-is-pure',
      'No I/O in what is said',
      { path: '^src/protocol/' },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    ),
    forbid(
      'not-in-a-worker',
      'What only the embedded orchestrator and the CLI need is never loaded by a worker',
      { path: '^src/index\\.ts$' },
      {
        path: `${places(besideTheWorker)}|(^|/)node_modules/(hono|@hono/node-server|commander|chokidar)/`,
        reachable: true,
      },
    ),
    forbid(
      'loaded-on-demand',
      'A worker loads these modules when somebody asks for metrics or a diagnosis, so import them with import()',
      { path: '^src/', pathNot: onDemand },
      { path: onDemand, dependencyTypesNot: ['dynamic-import', 'type-only'] },
    ),
    forbid('no-cycles', 'Type imports included', {}, { circular: true }),
    forbid('no-unresolved', 'The import leads nowhere', {}, { couldNotResolve: true }),
    forbid(
      'no-dev-dependencies',
      'Users do not have it: make it a dependency or leave it',
      { path: '^src/' },
      {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // The tests need the optional peer. The worker loads it only if the user has it.
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Code for browsers, which tsconfig.page.json checks.
    exclude: { path: '^src/dev/page/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}

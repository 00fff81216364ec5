import { VARIABLE_NAMES } from '../../../src/config/variables.js'
import { repositoryFiles, textOf } from './pages.js'

/** Environment variables that the orchestrator 1.0b30 reads. */
const OF_THE_ORCHESTRATOR = `
  API_HOST API_PORT AUDIT_SALT BLUEPRINTS_DIR CLIENTS_CONFIG_PATH CLIENT_API_PREFIX CLIENT_TOKEN DETAILED_API_RESPONSES
  DISPATCHER_MAX_CANDIDATES DISPATCHER_SOFT_LIMIT ENABLE_CLIENT_API ENVIRONMENT EXECUTOR_MAX_CONCURRENT_JOBS
  GLOBAL_WORKER_TOKEN HISTORY_DATABASE_URI INSTANCE_ID JOB_MAX_RETRIES LOG_FORMAT LOG_LEVEL MAX_TRANSITIONS_PER_JOB
  ORCHESTRATOR_SECRET_KEY RATE_LIMITING_ENABLED RATE_LIMIT_HEARTBEAT_LIMIT RATE_LIMIT_LIMIT RATE_LIMIT_PERIOD
  RATE_LIMIT_POLL_LIMIT REDIS_DB REDIS_ENCRYPTION_KEY REDIS_HOST REDIS_PORT REDIS_STREAM_BLOCK_MS S3_ACCESS_KEY
  S3_AUTO_CLEANUP S3_DEFAULT_BUCKET S3_ENDPOINT_URL S3_MAX_CONCURRENCY S3_REGION S3_SECRET_KEY SCHEDULES_CONFIG_PATH
  STRICT_EVENT_VALIDATION TASK_FILES_DIR TLS_CA_PATH TLS_CERT_PATH TLS_ENABLED TLS_KEY_PATH TLS_REQUIRE_CLIENT_CERT TZ
  WATCHER_INTERVAL_SECONDS WATCHER_LIMIT WORKERS_CONFIG_PATH WORKER_AUTH_MODE WORKER_HEALTH_CHECK_INTERVAL_SECONDS
  WORKER_POLL_TIMEOUT_SECONDS WORKER_TIMEOUT_SECONDS WORK_STEALING_ENABLED`

/** Environment variables of other programs. */
const OF_OTHERS = `
  AWS_ACCESS_KEY_ID AWS_REGION AWS_SECRET_ACCESS_KEY HTTPS_PROXY HTTP_PROXY LC_ALL NODE_ENV
  NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_USE_ENV_PROXY NO_PROXY OTEL_EXPORTER_OTLP_ENDPOINT OTEL_SERVICE_NAME
  OTEL_TRACES_EXPORTER PATH XDG_STATE_HOME MINIO_ROOT_USER MINIO_ROOT_PASSWORD`

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Environment variables that tests and measurements of this repository read. */
const ofTheRepository = (): readonly string[] => {
  const programs = repositoryFiles().filter((path) => /^(?:test|bench|scripts)\/.*\.(?:ts|mjs)$/.test(path))
  const reads = programs.flatMap((path) => [...textOf(path).matchAll(/\benv(?:\.|\[')([A-Z][A-Z0-9_]+)/g)])
  return reads.map(([, name = '']) => name)
}

/** Environment variables that a document may set. */
export const KNOWN_VARIABLES: ReadonlySet<string> = new Set([
  ...VARIABLE_NAMES,
  ...ofTheRepository(),
  ...words(OF_THE_ORCHESTRATOR),
  ...words(OF_OTHERS),
])

/** Programs that a document may start, besides those in `node_modules/.bin`. */
export const KNOWN_PROGRAMS: ReadonlySet<string> = new Set(
  words(`
    apt-get aws bash bun bunx cat cd chmod chown command cp curl deno docker echo export git go head helm install
    journalctl jq kill kubectl ln ls mkdir mv node npm npx openssl pip pip3 pnpm printf prometheus promtool ps python
    python3 redis-cli redis-server rm sha256sum source sudo systemctl systemd-analyze tail test touch unzip uv watch yarn
    .venv/bin/pip .venv/bin/python set wait true grep sed mc minio versitygw`),
)

// @ts-check
/**
 * Creates projects with the packed command, and checks them as a user would: test, types, build, Dockerfile, dev and send.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { imageOf } from './dockerfile.mjs'
import { run } from './tarball.mjs'

/** @param {string} folder an empty one, in which both packages are installed @param {'typescript' | 'javascript'} language */
export const checkScaffold = async (folder, language) => {
  const bin = join(folder, 'node_modules/.bin')
  // `npm create avtomatika-worker` runs the second one.
  const [program, first] =
    language === 'typescript' ? ['avtomatika-worker', ['init']] : ['create-avtomatika-worker', []]
  const { dir, installed } = JSON.parse(
    run(join(bin, program), [...first, language, '--language', language, '--yes', '--json'], folder),
  )
  if (!installed) throw new Error('the packages were not installed')
  run('npm', ['test'], dir)
  if (language === 'typescript') {
    run('npm', ['run', 'types'], dir)
    run('npm', ['run', 'build'], dir)
  }
  checkDependency(dir)
  await checkImage(dir)
  const result = await sendUnderDev(dir)
  return `test, ${language === 'typescript' ? 'types, build, ' : ''}Dockerfile, ${result}`
}

/** The image has only the folder of the project, so a tarball has to be in there. @param {string} dir */
const checkDependency = (dir) => {
  const { dependencies } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const path = dependencies['avtomatika-worker'].replace('file:', '')
  const { copies } = imageOf(readFileSync(join(dir, 'Dockerfile'), 'utf8'))
  const isCopied = copies.some(({ args }) => args.split(/\s+/).includes(path))
  if (!isCopied || !existsSync(join(dir, path))) throw new Error(`the image cannot install ${path}`)
}

/** Runs the command and the health check of the image, without Docker. @param {string} dir */
const checkImage = async (dir) => {
  const { command, healthCheck, user, copies } = imageOf(readFileSync(join(dir, 'Dockerfile'), 'utf8'))
  if (user !== 'node') throw new Error(`the image runs as ${user}`)
  for (const { args } of copies) {
    const sources = args
      .split(/\s+/)
      .filter((word) => !word.startsWith('--'))
      .slice(0, -1)
    const missing = sources.filter(
      (source) => !existsSync(join(dir, source.replace(/^\/app\//, '').replace('*', ''))),
    )
    if (missing.length > 0) throw new Error(`the image copies ${missing.join(', ')}, which does not exist`)
  }
  const port = await freePort()
  const env = {
    ...process.env,
    WORKER_PORT: String(port),
    WORKER_STATE_DIR: join(dir, 'state'),
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
  }
  const [program = '', ...args] = command
  const worker = spawn(join(dir, program), args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(worker, 'exit')
  try {
    await says(worker, ended, 'Health server listens')
    const [check = '', ...checkArgs] = healthCheck
    const health = spawn(check, checkArgs, { env, stdio: 'inherit' })
    const [healthCode] = await once(health, 'exit')
    if (healthCode !== 0) throw new Error(`the health check of the image ended with ${healthCode}`)
  } finally {
    worker.kill('SIGTERM')
    await ended
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`the command of the image ended with ${code} after SIGTERM`)
}

/** The two commands that `init` prints. @param {string} dir */
const sendUnderDev = async (dir) => {
  const env = {
    ...process.env,
    XDG_STATE_HOME: join(dir, 'state-home'),
    ORCHESTRATOR_URL: '',
    CLIENT_TOKEN: '',
  }
  mkdirSync(env.XDG_STATE_HOME)
  const bin = join(dir, 'node_modules/.bin/avtomatika-worker')
  const { scripts } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const [, ...args] = scripts.dev.split(' ')
  const dev = spawn(bin, [...args, '--port', '0'], { cwd: dir, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(dev, 'exit')
  try {
    await says(dev, ended, 'offers hello')
    const send = spawn(bin, ['send', 'hello', '{"name": "you"}', '--wait', '--json'], {
      cwd: dir,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const chunks = await send.stdout.toArray()
    const { result } = JSON.parse(Buffer.concat(chunks).toString())
    if (result?.greeting !== 'Hello, you!') throw new Error(`the result is ${JSON.stringify(result)}`)
    return `"${result.greeting}"`
  } finally {
    dev.kill('SIGINT')
    await ended
  }
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} child
 * @param {Promise<unknown>} ended
 * @param {string} text
 */
const says = async (child, ended, text) => {
  let output = ''
  const said = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes(text)) resolve(undefined)
    })
  })
  const silent = ended.then(() => Promise.reject(new Error(`it ended without saying "${text}":\n${output}`)))
  await Promise.race([said, silent])
}

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

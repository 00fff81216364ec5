import { type ExecFileOptions, execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cachedFolder } from './interop/cached-folder.js'

const run = promisify(execFile)

interface GoBuild {
  /** The name of the program. */
  readonly name: string
  readonly version: string
  /** The arguments and the options of `go`, which puts the program into the folder. */
  readonly go: (folder: string) => readonly [args: readonly string[], options: ExecFileOptions]
}

/** Builds a program once for this machine. Returns its path. Without Go or its module proxy, returns nothing and prints why. */
export const builtByGo = async ({ name, version, go }: GoBuild): Promise<string | undefined> => {
  if (spawnSync('go', ['version']).status !== 0) return undefined
  const build = async (folder: string) => {
    console.log(`tests: building ${name} ${version} (seconds to two minutes, only once)`)
    const [args, options] = go(folder)
    await run('go', args, options)
  }
  try {
    return join(await cachedFolder(`${name}-${version}`, build), name)
  } catch (error) {
    console.log(String(error))
    return undefined
  }
}

/** Builds a command of a published Go module. */
export const goProgram = (name: string, version: string, pkg: string): Promise<string | undefined> =>
  builtByGo({
    name,
    version,
    go: (folder) => [['install', `${pkg}@${version}`], { env: { ...process.env, GOBIN: folder } }],
  })

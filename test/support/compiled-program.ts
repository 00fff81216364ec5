import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll } from 'vitest'

/** Inside the repository: the programs find the installed packages there. */
const FOLDER = fileURLToPath(new URL('../../temp', import.meta.url))

const compiled = new Map<string, string>()
afterAll(() => {
  for (const program of compiled.values()) rmSync(dirname(program), { recursive: true })
})

/**
 * Compiles a program, with the sources that it uses. A test that starts a program many times spares each start the time
 * that a loader for TypeScript takes, about 0.7 s of a processor.
 *
 * @param source - the TypeScript file
 * @returns the path of the JavaScript file, which is removed after the last test of the file
 */
export const compiledProgram = (source: URL): string => {
  const path = fileURLToPath(source)
  const known = compiled.get(path)
  if (known !== undefined) return known
  mkdirSync(FOLDER, { recursive: true })
  const outdir = mkdtempSync(join(FOLDER, 'program-'))
  // Some programs run as another user.
  chmodSync(outdir, 0o755)
  buildSync({
    entryPoints: [path],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
  })
  const program = join(outdir, basename(path).replace(/\.ts$/, '.mjs'))
  compiled.set(path, program)
  return program
}

// @ts-check
/** Checks that stack traces can be read: each frame leads to a line in `dist/` and to a function of the source. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {{ name: string, path: string, line: number }} Frame */

/**
 * The frames of a stack trace that lie below a folder. `name` is the last part of the function's name: `start` for
 * `async Worker.start`, empty for an anonymous function.
 * @param {string} stack as V8 writes it
 * @param {string} folder
 * @returns {Frame[]}
 */
export const framesBelow = (stack, folder) =>
  [...stack.matchAll(/^ +at (?:(.+) \()?((?:file:)?\/[^\n]+):(\d+):\d+\)?$/gm)].flatMap(
    ([, called = '', place = '', line]) => {
      const path = place.startsWith('file:') ? fileURLToPath(place) : place
      if (!path.startsWith(join(folder, '/'))) return []
      const name =
        called
          .replace(/ \[as .*\]$/, '')
          .split(/[ .]/)
          .at(-1) ?? ''
      return [
        {
          name: /^#?[\w$]+$/.test(name) ? name : '',
          path: path.slice(join(folder, '/').length),
          line: Number(line),
        },
      ]
    },
  )

/** @param {string} text @param {string} name */
const hasWord = (text, name) => new RegExp(`(?<![\\w$#])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(text)

/**
 * What is wrong with one frame; `undefined` when it can be followed.
 * @param {Frame} frame with a path below `dist`
 * @param {string} dist
 * @param {string} src the source that `dist` was built from
 */
export const frameProblem = ({ name, path, line }, dist, src) => {
  const built = join(dist, path)
  if (!existsSync(built)) return `${path} does not exist in the package`
  const lines = readFileSync(built, 'utf8').split('\n')
  if (line > lines.length) return `${path} has ${lines.length} lines, the frame names line ${line}`
  if (name === '') return undefined
  if (!hasWord(lines.slice(0, line).join('\n'), name)) return `${path}:${line} is not in or below "${name}"`
  const source = join(src, path.replace(/\.js$/, '.ts'))
  const isInSource = existsSync(source) && hasWord(readFileSync(source, 'utf8'), name)
  return isInSource ? undefined : `${path}:${line}: the source has no "${name}"`
}

/**
 * @param {Record<string, string>} stacks by what they show
 * @param {string} dist
 * @param {string} src
 * @returns {string[]} what is wrong, each with its stack trace's name
 */
export const stackProblems = (stacks, dist, src) =>
  Object.entries(stacks).flatMap(([what, stack]) => {
    const frames = framesBelow(stack, dist)
    if (frames.length === 0) return [`${what}: no frame lies in the package`]
    return frames.flatMap((frame) => {
      const problem = frameProblem(frame, dist, src)
      return problem === undefined ? [] : [`${what}: ${problem}`]
    })
  })

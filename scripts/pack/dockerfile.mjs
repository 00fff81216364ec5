// @ts-check
/** Reads a Dockerfile, to check what a build would do. */

/** @typedef {{ name: string, args: string }} Instruction */

/**
 * Returns the instructions. A backslash at the end of a line continues it.
 * @param {string} text
 * @returns {Instruction[]}
 */
const instructionsIn = (text) =>
  text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', args = ''] = /^\s*([A-Za-z]+)\s+(.*)$/.exec(line) ?? []
      if (!KNOWN.has(name)) throw new Error(`no instruction of a Dockerfile: ${line}`)
      return { name, args: args.trim() }
    })

const KNOWN = new Set(['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'])

/**
 * Returns what the last stage runs.
 * @param {string} text
 */
export const imageOf = (text) => {
  const all = instructionsIn(text)
  const last = all.slice(all.findLastIndex(({ name }) => name === 'FROM'))
  /** @param {string} name */
  const argsOf = (name) => {
    const found = last.find((each) => each.name === name)
    if (!found) throw new Error(`the last stage has no ${name}`)
    return found.args
  }
  /** @type {string[]} */
  const command = JSON.parse(argsOf('CMD'))
  const health = argsOf('HEALTHCHECK')
  /** @type {string[]} */
  const healthCheck = JSON.parse(health.slice(health.indexOf('CMD') + 'CMD'.length))
  return { command, healthCheck, user: argsOf('USER'), copies: all.filter(({ name }) => name === 'COPY') }
}

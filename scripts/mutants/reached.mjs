// @ts-check
/**
 * Which test files reach a spot in the source. Only they can notice a change there. Every spot of interest is given a
 * call that notes down the first time it is reached, in whichever process that is.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** What is put before `start` and after `end`; `#` stands for the number of the spot. */
/** @typedef {{ start: number, end: number, before: string, after: string }} Spot */

const CALL = '__noteReached(#)'

/**
 * @param {ts.Node} node
 * @returns {Spot | undefined}
 */
export const spotOf = (node) => {
  const [start, end] = [node.getStart(), node.getEnd()]
  if (ts.isBlock(node)) return { start: start + 1, end: start + 1, before: ` ${CALL}; `, after: '' }
  if (ts.isStatement(node)) return { start, end, before: `{ ${CALL}; `, after: ' }' }
  if (ts.isExpressionStatement(node.parent)) return { start, end, before: `void (${CALL}, `, after: ')' }
  if (ts.isPropertyName(node) && 'name' in node.parent && node.parent.name === node) return undefined
  const statement = ts.findAncestor(node, ts.isStatement)
  if (statement?.getStart() === start) return undefined
  return { start, end, before: `(${CALL}, `, after: ')' }
}

/**
 * The text with a call at each of the spots. They may lie within each other.
 * @param {string} text
 * @param {readonly { number: number, spot: Spot }[]} spots
 * @param {string} module what has `noteReached`
 */
export const withCalls = (text, spots, module) => {
  const inserts = spots.flatMap(({ number, spot: { start, end, before, after } }) => [
    { at: start, isEnd: 0, order: -end, put: before.replace('#', String(number)) },
    { at: end, isEnd: -1, order: -start, put: after },
  ])
  inserts.sort((one, other) => one.at - other.at || one.isEnd - other.isEnd || one.order - other.order)
  let result = ''
  let from = 0
  for (const { at, put } of inserts) {
    result += text.slice(from, at) + put
    from = at
  }
  return `${result}${text.slice(from)}\nimport { noteReached as __noteReached } from ${JSON.stringify(module)}\n`
}

/**
 * The test files that reached each spot. What a process noted of which nobody knows the test goes to all of them.
 * @param {string} directory
 * @returns {(number: number, test: string) => boolean}
 */
export const reachedIn = (directory) => {
  /** @type {{ pid: number, parent: number, test: string, numbers: number[] }[]} */
  const notes = readdirSync(directory).map((name) => {
    const [head = '', ...lines] = readFileSync(join(directory, name), 'utf8').trimEnd().split('\n')
    return { ...JSON.parse(head), numbers: lines.map(Number) }
  })
  const byPid = new Map(notes.map((note) => [note.pid, note]))
  /** @type {(note: { parent: number, test: string }) => string} */
  const testOf = ({ parent, test }) => {
    const above = byPid.get(parent)
    return test !== '' || above === undefined ? test : testOf(above)
  }
  const known = new Set(notes.flatMap((note) => note.numbers.map((number) => `${number} ${testOf(note)}`)))
  return (number, test) => known.has(`${number} ${test}`) || known.has(`${number} `)
}

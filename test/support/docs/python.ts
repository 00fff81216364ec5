import { spawnSync } from 'node:child_process'
import type { Block } from './blocks.js'

/** Whether the block is a program in Python. */
export const isPython = ({ language }: Block): boolean => ['py', 'python'].includes(language)

const PARSE = `
import ast, json, sys
for block in json.load(sys.stdin):
    try:
        ast.parse(block["code"])
    except SyntaxError as error:
        print(f'{block["page"]}:{block["line"]} {error}')
`

/** Lets Python parse the blocks. Returns its complaints, each with its place. */
export const pythonProblems = (python: string, blocks: readonly Block[]): readonly string[] => {
  const { status, stdout, stderr } = spawnSync(python, ['-c', PARSE], {
    input: JSON.stringify(blocks),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`Python could not read the blocks: ${stderr}`)
  return stdout.split('\n').filter(Boolean)
}

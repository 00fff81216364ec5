import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from '../../../src/tasks/files/remove-tree.js'

/** Makes and removes a tree like the module cache of Go: its folders are read-only, and one of them is closed. */
const [, , folder = ''] = process.argv
const path = join(folder, 'tree')
await mkdir(join(path, 'read-only/closed'), { recursive: true })
await writeFile(join(path, 'read-only/a'), 'a')
await writeFile(join(path, 'read-only/closed/b'), 'b')
await chmod(join(path, 'read-only/closed'), 0)
await chmod(join(path, 'read-only'), 0o555)
await removeTree(path)

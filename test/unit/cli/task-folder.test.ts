import { expect, test } from 'vitest'
import { taskFilesAmong } from '../../../src/cli/task-folder.js'

test('files of tasks are modules that are no helpers and no declarations, in the order of their names', () => {
  const names = ['z.ts', 'b.mjs', 'a.js', 'c.cts', 'd.mts', 'e.cjs', '_x.js', '.y.js', 'f.d.ts', 'g.d.mts']
  const others = ['h.json', 'README.md', 'i.tsx', 'j.js.map', 'k.jsx', 'folder']
  expect(taskFilesAmong([...names, ...others])).toEqual(['a.js', 'b.mjs', 'c.cts', 'd.mts', 'e.cjs', 'z.ts'])
})

import { expect, it } from 'vitest'
import { Progress } from '../../../examples/demo/progress.js'

const screen = (isTTY: boolean) => {
  const written: string[] = []
  return { isTTY, written, write: (text: string) => written.push(text) }
}

it('moves a bar on a terminal', () => {
  const { written, ...terminal } = screen(true)
  const progress = new Progress(terminal, 2)
  progress.partly('job-1', 0.5, 'reading')
  progress.ended('job-1', 'a.jpg', 'success')
  progress.ended('job-2', 'b.jpg', 'PERMANENT_ERROR')
  progress.close()
  expect(written.map((text) => text.replace('\r\u001b[K', '|'))).toEqual([
    `|${'░'.repeat(30)} 0/2 waiting for the worker`,
    `|${'█'.repeat(8)}${'░'.repeat(22)} 0/2 reading`,
    `|${'█'.repeat(15)}${'░'.repeat(15)} 1/2 a.jpg success`,
    `|${'█'.repeat(30)} 2/2 b.jpg PERMANENT_ERROR`,
    '\n',
  ])
})

it('writes a plain line for each picture elsewhere', () => {
  const { written, ...file } = screen(false)
  const progress = new Progress(file, 2)
  progress.partly('job-1', 0.5, 'reading')
  progress.ended('job-1', 'a.jpg', 'success')
  progress.close()
  expect(written).toEqual(['1/2 a.jpg success\n'])
})

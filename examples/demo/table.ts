import type { Finished } from './report.js'

const sizeOf = (size: { width?: number; height?: number; bytes?: number } | undefined): string => {
  if (size?.bytes === undefined) return '–'
  const kilobytes = `${(size.bytes / 1000).toFixed(1)} kB`
  return size.width === undefined ? kilobytes : `${size.width} × ${size.height}, ${kilobytes}`
}

const HEAD = ['file', 'size in', 'size out', 'status', 'ms']

const rowOf = ({ file, before, after, status, durationMs }: Finished): string[] => [
  file,
  sizeOf(before),
  sizeOf(after),
  status,
  durationMs.toFixed(0),
]

/** A table of plain text, a line for each picture. */
export const tableOf = (all: readonly Finished[]): string => {
  const rows = [HEAD, ...all.map(rowOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const [head = '', ...body] = rows.map(line)
  return [head, widths.map((width) => '─'.repeat(width)).join('  '), ...body].join('\n')
}

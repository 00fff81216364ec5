import { styleText } from 'node:util'

/** Colors text for a terminal. Without a terminal, and with `NO_COLOR`, the text stays as it is. */
export const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  process.stdout.hasColors?.() === true && !process.env['NO_COLOR'] ? styleText(style, text) : text

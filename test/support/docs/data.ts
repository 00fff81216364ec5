import { parse as parseToml } from 'smol-toml'
import { parseAllDocuments } from 'yaml'
import type { Block } from './blocks.js'

const yaml = (text: string): void => {
  const [error] = parseAllDocuments(text).flatMap(({ errors }) => errors)
  if (error) throw error
}

/** Sections, settings and comments: a unit of systemd or a file with variables. */
const ini = (text: string): void => {
  const isContinued = (line: string | undefined): boolean => line?.endsWith('\\') === true
  const lines = text.split('\n')
  const wrong = lines.find(
    (line, at) =>
      !/^\s*(?:[#;].*|\[[^\]]+\]|(?:export )?[\w.-]+ ?=.*)?$/.test(line) && !isContinued(lines[at - 1]),
  )
  if (wrong !== undefined) throw new Error(`neither a section nor a setting: ${wrong}`)
}

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  json: JSON.parse,
  jsonl: (text) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  yaml,
  yml: yaml,
  toml: parseToml,
  ini,
  env: ini,
  dotenv: ini,
  systemd: ini,
}

/** Whether the block is data that a parser can check. */
export const isData = ({ language }: Block): boolean => Object.hasOwn(PARSERS, language)

/** Returns the complaint of the parser, with its place. */
export const dataProblem = ({ page, line, language, code }: Block): string | undefined => {
  try {
    PARSERS[language]?.(code)
    return undefined
  } catch (error) {
    return `${page}:${line} ${language}: ${String(error)}`
  }
}

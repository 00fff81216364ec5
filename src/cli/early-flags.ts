/** The flags that decide how a failure is printed. */
export interface FailFlags {
  readonly debug: boolean
  readonly json: boolean
}

/** The flags that count before the command line is parsed. */
export interface EarlyFlags extends FailFlags {
  /** Files with variables, in the order of the command line. */
  readonly envFiles: readonly EnvFileFlag[]
}

/** A file with variables. */
export interface EnvFileFlag {
  readonly path: string
  /** Whether it is an error if the file does not exist. */
  readonly isRequired: boolean
}

const ENV_FILE = /^--env-file(-if-exists)?(?:=(.*))?$/s

/** Finds these flags among the arguments. Pure. Errors of the parser itself are printed as the flags say. */
export const earlyFlags = (args: readonly string[]): EarlyFlags => {
  const end = args.indexOf('--')
  const flags = end < 0 ? args : args.slice(0, end)
  const envFiles = flags.flatMap((flag, at) => {
    const [whole, ifExists, attached] = ENV_FILE.exec(flag) ?? []
    const path = attached ?? flags[at + 1]
    return whole === undefined || path === undefined ? [] : [{ path, isRequired: ifExists === undefined }]
  })
  return { debug: flags.includes('--debug'), json: flags.includes('--json'), envFiles }
}

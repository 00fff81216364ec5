import type { Command } from 'commander'
import type { SHELLS } from './shells.js'

/** The options of each command, by its path below the program, such as `outbox list`. The program itself is `''`. */
export type Words = ReadonlyMap<string, readonly string[]>

/** Returns the words that may follow each command. */
export const wordsOf = (command: Command, path = ''): Words => {
  const visible = command.commands.filter((each) => each.name() !== 'help')
  const options = command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []))
  const own: [string, string[]] = [path, [...visible.map((each) => each.name()), ...options, '--help']]
  return new Map([own, ...visible.flatMap((each) => [...wordsOf(each, `${path} ${each.name()}`.trim())])])
}

/** Returns the script for a shell. Pure: the words are written into the script, so a key press starts no process. */
export const completionScript = (shell: (typeof SHELLS)[number], words: Words): string => {
  if (shell === 'fish') return fish(words)
  return shell === 'zsh' ? `${FOR_ZSH}\n${bash(words)}` : bash(words)
}

/** The functions of bash need those of zsh, and zsh loads neither by itself. */
const FOR_ZSH = `whence compdef >/dev/null || { autoload -U compinit && compinit -i; }
autoload -U +X bashcompinit && bashcompinit`

/** In zsh, `path` is the `PATH`. Pure. */
const bash = (words: Words): string => `_avtomatika_worker() {
  local at="" word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "\${at:+$at }$word" in
${[...words.keys()]
  .filter(Boolean)
  .map((path) => `      '${path}') at='${path}' ;;`)
  .join('\n')}
    esac
  done
  local words=""
  case "$at" in
${[...words].map(([path, list]) => `    '${path}') words='${list.join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _avtomatika_worker avtomatika-worker`

const fish = (words: Words): string =>
  [...words]
    .flatMap(([path, list]) =>
      list.map((word) => {
        const condition =
          path === ''
            ? '__fish_use_subcommand'
            : path
                .split(' ')
                .map((name) => `__fish_seen_subcommand_from ${name}`)
                .join('; and ')
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
        return `complete -c avtomatika-worker -n '${condition}' ${what}`
      }),
    )
    .join('\n')

import type ts from 'typescript'

/** Type arguments of these types tell a reader nothing: they carry the types of params and results. */
const WITHOUT_ARGUMENTS =
  /\b(CheckedHandler|Handler|Middleware|TypedTask|TasksIn|ClientJob|JobRef|WaitOptions|TaskRun|RunOutcome|TaskOptions|TaskSpec|DefinedTask|CreateArgs|TaskParams|TaskName|TaskResult|ParamsOf|WorkerTasks|Worker|TasksOf|HasTasks|Next)</

/** Types of declarations, as a reader thinks of them. */
const PLAINER: readonly (readonly [RegExp, string])[] = [
  [/\bthis & (TypedTask|TasksIn)\b/g, 'this'],
  [/\bDefinedTask & TypedTask\b/g, 'DefinedTask'],
  [/\bTasksOf\[[^\]]*\]\['(params|result)'\]/g, 'object'],
  [/\bTaskParams\b/g, 'object'],
  [/\bTaskName\b/g, 'string'],
  [/\bTaskContext & Added\b/g, 'TaskContext'],
  [/\bReadonly<(Record<[^<>]*>)>/g, '$1'],
  [/\breadonly /g, ''],
  [/\bDevClock\b/g, 'TestClock'],
]

/** Removes the type arguments that begin at `start`. */
const withoutArguments = (text: string, start: number): string => {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text[at] === '<') depth++
    if (text[at] === '>' && text[at - 1] !== '=' && --depth === 0)
      return text.slice(0, start) + text.slice(at + 1)
  }
  return text
}

/** A declaration that may have type parameters. */
interface Owner {
  readonly typeParameters?: ts.NodeArray<ts.TypeParameterDeclaration> | undefined
}

/** A type parameter stands for its constraint. */
const parametersIn = (owner: Owner | undefined): ReadonlyMap<string, string> =>
  new Map(
    (owner?.typeParameters ?? []).map(({ name, constraint }) => [
      name.getText(),
      constraint ? shownType(constraint) : 'unknown',
    ]),
  )

/** Returns a type as the reference shows it: on one line, without type arguments that only the compiler needs. */
export const shownType = (node: ts.TypeNode, owner?: Owner): string => {
  const parameters = parametersIn(owner)
  let text = node
    .getText()
    .replaceAll(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replaceAll(/(?<=[\w\])>'])\s*\n\s*(?=(?:readonly )?[\w']+\??:)/g, '; ')
    .replaceAll(/\s+/g, ' ')
  for (let found = WITHOUT_ARGUMENTS.exec(text); found; found = WITHOUT_ARGUMENTS.exec(text))
    text = withoutArguments(text, found.index + found[0].length - 1)
  for (const [pattern, plainer] of PLAINER) text = text.replaceAll(pattern, plainer)
  text = text.replaceAll(/\b[A-Z]\w*\b/g, (word) => parameters.get(word) ?? word)
  return text
    .replace(/^\| /, '')
    .replaceAll(/([([{]) | (?=[)\]])/g, '$1')
    .replaceAll('{', '{ ')
    .replaceAll('{  ', '{ ')
    .trim()
}

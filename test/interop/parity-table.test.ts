import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mayNotSkip } from '../support/interop/each-orchestrator.js'
import { findPython, pythonEnv } from '../support/interop/python-env.js'

/** Prints what users of the Python SDK see, by its kind. */
const LIST = `
import inspect, json, re
import avtomatika_worker as package
from avtomatika_worker import config, observability, task_files, types, worker

def public(of): return [name for name in vars(of) if not name.startswith('_') and callable(getattr(of, name))]
def arguments(of): return [name for name in inspect.signature(of).parameters if name not in ('self', 'kwargs')]

texts = ''.join(inspect.getsource(each) for each in (config, observability, package.logging))
skill = worker.SkillInfo.__struct_fields__
handler = re.search(r'handler_kwargs = \\{(.*?)\\}', inspect.getsource(worker), re.S)[1]
print(json.dumps({
  'names': [*package.__all__, '__version__', *types.__all__],
  'arguments of Worker': arguments(worker.Worker.__init__),
  'methods of Worker': public(worker.Worker),
  'arguments of skill': [*arguments(worker.Worker.skill), *skill],
  'arguments of a handler': re.findall(r'"(\\w+)"', handler),
  'methods of TaskFiles': public(task_files.TaskFiles),
  'variables': re.findall(r'(?:getenv|_from_env)\\(\\s*"(\\w+)"', texts),
  'attributes': [name for name in vars(config.WorkerConfig()) if name.isupper()],
}))
`

const documents = ['how-to/migration', 'reference/configuration'].map((page) =>
  readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8'),
)

describe.skipIf(findPython() === undefined && !mayNotSkip())('the guide for users of the Python SDK', () => {
  test('has each public name, argument and variable of 1.0b20', async () => {
    const python = findPython()
    if (!python) throw new Error('No Python of 3.11 or later on the path')
    const interpreter = await pythonEnv(python, 'worker-1.0b20')
    const listed = JSON.parse(execFileSync(interpreter, ['-c', LIST], { encoding: 'utf8' })) as Record<
      string,
      string[]
    >
    for (const names of Object.values(listed)) expect(names.length).toBeGreaterThan(1)
    const missing = Object.entries(listed).flatMap(([kind, names]) =>
      names
        .filter((name) => !documents.some((text) => text.includes(`\`${name}\``)))
        .map((name) => `${kind}: ${name}`),
    )
    expect(missing).toEqual([])
  })
})

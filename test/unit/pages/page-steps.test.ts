import { expect, test } from 'vitest'
import { patternOf, stepsOf, withPorts } from '../../support/pages/page-steps.js'

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``

test('the steps of a page are its files, commands, outputs and interruptions, in order', () => {
  const page = [
    'Create a project:',
    fence('sh', 'npm init'),
    'Save this as `src/a.ts`:',
    '<!-- example: examples/a.ts -->',
    fence('ts', 'a()'),
    '<!-- /example -->',
    'Start it in terminal 2:',
    fence('sh', 'node a.js'),
    fence('text', 'ready'),
    'Ask it:',
    fence('sh', 'curl a'),
    fence('json', '{}'),
    'Terminal 2 prints:',
    fence('text', 'asked'),
    'Press Ctrl+C in terminal 2.',
  ].join('\n\n')
  expect(stepsOf(page)).toEqual([
    { kind: 'command', terminal: 1, text: 'npm init\n' },
    { kind: 'file', path: 'src/a.ts', text: 'a()\n' },
    { kind: 'command', terminal: 2, text: 'node a.js\n' },
    { kind: 'output', terminal: 2, text: 'ready\n' },
    { kind: 'command', terminal: 1, text: 'curl a\n' },
    { kind: 'output', terminal: 1, text: '{}\n' },
    { kind: 'output', terminal: 2, text: 'asked\n' },
    { kind: 'interrupt', terminal: 2 },
  ])
})

test('a block that nobody can follow is an error', () => {
  expect(() => stepsOf(`Look at this:\n\n${fence('ts', 'a()')}\n`)).toThrow('neither a file')
})

test('output matches when all of its lines come in order, with any text for …', () => {
  const pattern = patternOf('job      …\n{\n  "width": 5\n}\n')
  expect('created\njob      3f-7\nworker w\n{\n  "a": 1,\n  "width": 5\n}').toMatch(pattern)
  expect('{\n  "width": 5\n}\njob      3f-7').not.toMatch(pattern)
  expect('job      3f-7\n{\n  "width": 55\n}').not.toMatch(pattern)
})

test('only the ports of the page are replaced', () => {
  const ports = { '8080': 18_123 }
  expect(withPorts('http://127.0.0.1:8080/ API_PORT=8080 80801 a8080 9090', ports)).toBe(
    'http://127.0.0.1:18123/ API_PORT=18123 80801 a8080 9090',
  )
})

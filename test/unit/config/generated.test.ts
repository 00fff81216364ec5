import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generatedFiles } from '../../../scripts/variables.js'

it.each(generatedFiles())(
  '%s follows from src/config/variables.ts; "npm run variables" updates it',
  (path, text) => {
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(text)
  },
)

/**
 * Declarations for the names that examples of docstrings use without explaining them. The page hides them in a comment, and
 * the test of all code blocks reads them.
 */
const GIVEN: Readonly<Record<string, string>> = {
  z: "import { z } from 'zod'",
}

const WORD = /[A-Za-z_$][\w$]*/g

/** Returns the comments that declare the names of an example. */
export const givenFor = (example: string): string[] =>
  [...new Set(example.match(WORD) ?? [])]
    .flatMap((name) => (Object.hasOwn(GIVEN, name) ? [GIVEN[name] ?? ''] : []))
    .map((declaration) => `<!-- given: ${declaration} -->`)

/** The languages of a new project. */
export type Language = 'typescript' | 'javascript'

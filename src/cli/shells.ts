/** The shells that have completion. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

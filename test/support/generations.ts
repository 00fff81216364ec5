/** Both families of the wire, for what a worker has to do in each: the embedded orchestrator speaks the one it is told to. */
export const GENERATIONS = ['classic', 'rxon'] as const

export type Generation = (typeof GENERATIONS)[number]

/** Where the embedded orchestrator leads a job whose task succeeded. */
export const SUCCEEDED: Readonly<Record<Generation, string>> = { classic: 'done', rxon: 'finished' }

/** What a heartbeat says of a worker that is to be sent nothing. */
export const TAKES_NOTHING: Readonly<Record<Generation, string>> = { classic: 'busy', rxon: 'offline' }

/** What a heartbeat says of a worker whose slots are all taken. */
export const FULL: Readonly<Record<Generation, string>> = { classic: 'busy', rxon: 'idle' }

/** The generations of the protocol: `classic` up to orchestrator 1.0b8, `rxon` up to 1.0b30. */
export type Generation = 'classic' | 'rxon'

export const RXON_VERSION_HEADER = 'X-RXON-Version'
/** The version of the second generation in orchestrator 1.0b30. */
export const RXON_VERSION = '1.0b17'

/** The two families of the wire: orchestrators up to 1.0b8, and those up to 1.0b30. */
export type Generation = 'classic' | 'rxon'

export const RXON_VERSION_HEADER = 'X-RXON-Version'
/** The version of the second generation that 1.0b30 speaks. */
export const RXON_VERSION = '1.0b17'

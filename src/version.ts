/** The version of this package. `npm run metrics` writes it from package.json, because a bundle has no package.json of ours. */
export const VERSION = '0.1.0'

// `npm run metrics` writes it from package.json, because a bundle has no package.json of ours.
/** The version of this package, such as `0.1.0`. */
export const VERSION = '0.1.0'

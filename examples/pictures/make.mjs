// @ts-check
/**
 * Draws the sample pictures of this folder. They are committed; run it only to change them.
 *
 *   node examples/pictures/make.mjs
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

/** @param {string} name */
const at = (name) => fileURLToPath(new URL(name, import.meta.url))

/**
 * @param {number} width
 * @param {number} height
 * @param {string} content
 */
const svg = (width, height, content) =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${content}</svg>`,
  )

/** @param {string} id @param {string} from @param {string} to */
const fade = (id, from, to) =>
  `<linearGradient id="${id}" x2="0" y2="1"><stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient>`

/**
 * Hills under a sun: which way is up shows at a glance.
 * @param {number} width
 * @param {number} height
 * @param {{ sky: [string, string], sun: string, hills: [string, string, string] }} colours
 */
const hills = (width, height, { sky, sun, hills: [far, middle, near] }) => {
  /** @param {number} top @param {number} swing @param {string} colour */
  const hill = (top, swing, colour) => {
    const [y, dy] = [height * top, height * swing]
    const path = `M0 ${y} C${width * 0.25} ${y - dy} ${width * 0.4} ${y + dy} ${width * 0.6} ${y} S${width * 0.9} ${y - dy} ${width} ${y}`
    return `<path d="${path} V${height} H0Z" fill="${colour}"/>`
  }
  const radius = Math.min(width, height) * 0.09
  return svg(
    width,
    height,
    `<defs>${fade('sky', ...sky)}</defs><rect width="100%" height="100%" fill="url(#sky)"/>
    <circle cx="${width * 0.72}" cy="${height * 0.24}" r="${radius}" fill="${sun}"/>
    ${hill(0.55, 0.16, far)}${hill(0.66, -0.12, middle)}${hill(0.8, 0.1, near)}`,
  )
}

/** A tree, upright. */
const tree = svg(
  900,
  1200,
  `<defs>${fade('sky', '#bfe3f5', '#f4f1de')}</defs><rect width="900" height="1200" fill="url(#sky)"/>
  <rect y="980" width="900" height="220" fill="#81b29a"/><rect x="415" y="700" width="70" height="320" fill="#7f5539"/>
  <path d="M450 120 L700 520 H200Z" fill="#3d5a45"/><path d="M450 300 L740 740 H160Z" fill="#4a6b52"/>`,
)

/** A badge whose surroundings are transparent. */
const badge = svg(
  800,
  800,
  `<defs>${fade('gold', '#f2cc8f', '#e07a5f')}</defs><circle cx="400" cy="400" r="340" fill="url(#gold)" fill-opacity="0.92"/>
  <circle cx="400" cy="400" r="270" fill="none" stroke="#3d405b" stroke-width="18"/>
  <path d="M270 410 L365 505 L540 305" fill="none" stroke="#3d405b" stroke-width="46" stroke-linecap="round" stroke-linejoin="round"/>`,
)

const morning = {
  sky: /** @type {[string, string]} */ (['#7fb7e6', '#fdf0d5']),
  sun: '#fff3b0',
  hills: /** @type {[string, string, string]} */ (['#90a955', '#4f772d', '#31572c']),
}
const evening = {
  sky: /** @type {[string, string]} */ (['#22223b', '#f2a65a']),
  sun: '#ffd6a5',
  hills: /** @type {[string, string, string]} */ (['#774c60', '#4a2c40', '#2b1a27']),
}

await sharp(hills(1600, 1000, morning))
  .jpeg({ quality: 80 })
  .toFile(at('meadow.jpg'))
await sharp(hills(1280, 1280, evening))
  .webp({ quality: 80 })
  .toFile(at('evening.webp'))
await sharp(badge).png().toFile(at('badge.png'))

// As a phone stores a picture taken upright: lying on its side, with a note to turn it a quarter clockwise.
const lying = await sharp(tree).rotate(270).toBuffer()
await sharp(lying).jpeg({ quality: 80 }).withMetadata({ orientation: 6 }).toFile(at('tree-rotated.jpg'))

// A download that broke off: the head says 1600 × 1000, most of the picture is missing.
const whole = await sharp(hills(1600, 1000, morning))
  .jpeg({ quality: 60 })
  .toBuffer()
writeFileSync(at('corrupt.jpg'), whole.subarray(0, Math.round(whole.length / 5)))

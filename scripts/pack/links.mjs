// @ts-check
/** Finds links in Markdown files that lead nowhere: a file that does not exist, or a heading that the file lacks. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @param {string} markdown */
const withoutCode = (markdown) => markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')

/**
 * The targets of all links to other files and to headings. Links to web pages are left out.
 * @param {string} markdown
 * @returns {string[]}
 */
export const linksIn = (markdown) =>
  [...withoutCode(markdown).matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

/**
 * The headings with their anchors, as GitHub and npm make them.
 * @param {string} markdown
 */
export const headingsIn = (markdown) => {
  /** @type {Map<string, number>} */
  const counts = new Map()
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^(#{1,6}) +(.+?) *$/gm)
  return [...headings].map(([, marks = '', text = '']) => {
    const words = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return { level: marks.length, text, anchor: count === 0 ? anchor : `${anchor}-${count}` }
  })
}

/** @param {string} markdown */
export const anchorsIn = (markdown) => new Set(headingsIn(markdown).map(({ anchor }) => anchor))

/**
 * @param {string} root
 * @param {readonly string[]} paths of Markdown files below `root`
 * @returns {string[]} each broken link as `file: target`
 */
export const brokenLinks = (root, paths) => {
  const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8')
  /** @param {string} path @param {string} link */
  const isBroken = (path, link) => {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), decodeURI(file))
    if (target.startsWith('..') || !existsSync(join(root, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsIn(read(target)).has(anchor)
  }
  return paths.flatMap((path) =>
    linksIn(read(path))
      .filter((link) => isBroken(path, link))
      .map((link) => `${path}: ${link}`),
  )
}

// @ts-check
import { useLayoutEffect, useState } from './vendor/preact.js'

/** `auto` follows the system. The choice is kept in this browser. */
const THEMES = ['auto', 'light', 'dark']
const KEY = 'avtomatika-theme'

/** @param {string} theme */
export const nextTheme = (theme) => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'

const kept = () => {
  try {
    const theme = localStorage.getItem(KEY) ?? ''
    return THEMES.includes(theme) ? theme : 'auto'
  } catch {
    // The browser may forbid storage.
    return 'auto'
  }
}

/** @param {string} theme */
const keep = (theme) => {
  document.documentElement.dataset['theme'] = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // The theme then lasts as long as the page.
  }
}

/** @returns {[theme: string, setTheme: (theme: string) => void]} */
export const useTheme = () => {
  const [theme, setTheme] = useState(kept)
  // Before the browser paints: a page of another theme would flash otherwise.
  useLayoutEffect(() => keep(theme), [theme])
  return [theme, setTheme]
}

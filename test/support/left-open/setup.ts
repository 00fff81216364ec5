import { beforeEach, onTestFinished } from 'vitest'
import { forgetAbortListeners, openAbortListeners, watchAbortListeners } from './abort-listeners.js'
import { census, surplusTo } from './census.js'
import { forgetTimers, openTimers, watchTimers } from './timers.js'

/** The clock of whoever waits here, which no test holds. */
const setRealTimeout = globalThis.setTimeout
const now = performance.now.bind(performance)

/** How long the system may take to be done with what was closed, in ms. */
const GRACE_MS = 5_000
const LOOK_MS = 5

const pause = () => new Promise((resolve) => setRealTimeout(resolve, LOOK_MS))

watchTimers()
watchAbortListeners()

/**
 * A test fails that leaves something open: a timer or a listener of an abort signal that the package has set, a socket, a
 * server, a watched file, a child process, a request for a file, a listener of the process.
 */
beforeEach(() => {
  forgetTimers()
  forgetAbortListeners()
  const before = census()
  // The first to be registered is the last to be called: whatever the test closes at its end is closed by then.
  onTestFinished(async () => {
    await pause()
    const open = [...openTimers(), ...openAbortListeners()]
    const endMs = now() + GRACE_MS
    let more = surplusTo(before)
    while (more.length > 0 && now() < endMs) {
      await pause()
      more = surplusTo(before)
    }
    const left = [...open, ...more]
    if (left.length > 0) throw new Error(`The test has left open: ${left.join(' · ')}`)
  })
})

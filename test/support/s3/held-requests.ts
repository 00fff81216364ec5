import { expect } from 'vitest'
import { eventually } from '../interop/eventually.js'
import type { OwnS3 } from './own-s3.js'

/** Holds every request for a key that begins with `prefix`, and counts how many are under way at once. */
export const holdRequests = (s3: OwnS3, prefix: string) => {
  let open = 0
  let most = 0
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  s3.onRequest = async ({ key }) => {
    if (!key.startsWith(prefix)) return
    most = Math.max(most, ++open)
    await held
    open--
  }
  return {
    /** Waits until `count` requests are under way and whatever else was sent has arrived. Then lets all of them go. */
    letGoAt: async (count: number): Promise<void> => {
      await eventually('as many are under way as may be', () => open === count)
      // Whatever else was sent has arrived by the time that this is answered.
      await fetch(`${s3.url}/b/fence`)
      letGo()
    },
    expectMost: (count: number): void => expect(most).toBe(count),
  }
}

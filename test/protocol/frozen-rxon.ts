import { rxon } from '../../src/protocol/rxon/rxon.js'

/** When the golden messages of the second generation were written. */
const NOW_MS = 1_795_462_114_500

/** The second generation, with a clock that stands and nonces that can be foreseen. */
export const frozenRxon = () => {
  const clock = { nowMs: () => NOW_MS, toLocalMs: (ms: number) => ms - 3_000 }
  return rxon({
    workerId: 'w1',
    token: 'worker-token-456',
    taskKey: undefined,
    clock,
    makeId: () => 'a-nonce',
  })
}

import type { HeldPoll } from '../journal/journal.js'

const LONGEST_ID = 128
const SUFFIX = '-standby'

/** No longer than the longest id that every orchestrator accepts. */
const candidate = (workerId: string, number: number): string => {
  const suffix = number === 1 ? SUFFIX : `${SUFFIX}-${number}`
  return workerId.slice(0, LONGEST_ID - suffix.length) + suffix
}

/**
 * Chooses the id of the standby. An id whose worker was killed comes first: its orchestrator has to hear that nobody takes
 * tasks under it. An id whose worker said so before it ended is left alone until its polls are over. Pure.
 *
 * @param held - the polls of earlier workers that the orchestrator may hold
 */
export const standbyIdFor = (workerId: string, held: readonly HeldPoll[]): string => {
  const candidates = Array.from({ length: held.length + 1 }, (_, at) => candidate(workerId, at + 1))
  const pollOf = (id: string) => held.find((poll) => poll.workerId === id)
  const killed = candidates.find((id) => pollOf(id)?.isAnnounced === false)
  const free = candidates.find((id) => pollOf(id) === undefined)
  return killed ?? free ?? candidate(workerId, candidates.length)
}

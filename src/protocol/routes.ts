/** The paths of an orchestrator, below its URL. The first generation has neither events nor tokens. */

const BASE = '/_worker'

export const REGISTER = `${BASE}/workers/register`
export const RESULT = `${BASE}/tasks/result`
export const EVENTS = `${BASE}/events`
export const TOKEN = `${BASE}/auth/token`
export const workerPath = (workerId: string): string => `${BASE}/workers/${encodeURIComponent(workerId)}`
export const pollPath = (workerId: string): string => `${workerPath(workerId)}/tasks/next`
export const socketPath = (workerId: string): string => `${BASE}/ws/${encodeURIComponent(workerId)}`

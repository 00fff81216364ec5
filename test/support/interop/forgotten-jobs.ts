import type { RedisServer } from './redis-server.js'

/**
 * Whether anything on Redis still leads to a job: a time that is watched, a task in a worker's queue, or a message that is
 * not dealt with. A message may be of any job, so none is forgotten while there is one.
 */
const IS_FORGOTTEN = `
local stream, group = 'orchestrator:job_stream', 'orchestrator_group'
if redis.call('XPENDING', stream, group)[1] > 0 then return 0 end
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  for at = 1, #info, 2 do
    if info[at] == 'last-delivered-id' and newest and info[at + 1] ~= newest[1] then return 0 end
  end
end
if redis.call('ZSCORE', 'orchestrator:watched_jobs', ARGV[1]) then return 0 end
for _, queue in ipairs(redis.call('KEYS', 'orchestrator:task_queue:*')) do
  for _, task in ipairs(redis.call('ZRANGE', queue, 0, -1)) do
    if string.find(task, ARGV[1], 1, true) then return 0 end
  end
end
return 1`

/** Whether a job waits for something that will never come, because an orchestrator died between two steps of its own. */
export const isForgotten = async (redis: RedisServer, jobId: string): Promise<boolean> =>
  (await redis.command('EVAL', IS_FORGOTTEN, '0', jobId)) === '1'

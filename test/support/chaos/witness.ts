import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JournalState } from '../../../src/journal/journal-state.js'
import { replay } from '../../../src/journal/replay.js'
import type { Fault, SeenRequest } from './fault.js'
import type { SeenAnswer } from './fault-proxy.js'

/** One result as it came by. */
interface Sent {
  readonly status: string
  /** What of a failure can be told apart. */
  readonly message: string | undefined
}

/** The members of a registration or a heartbeat that tell what the worker can take. */
interface WorkerBody {
  readonly worker_id?: string
  readonly load?: number
  readonly current_tasks?: readonly unknown[]
  readonly status?: string
  readonly supported_skills?: readonly unknown[]
}

interface Story {
  readonly sent: Sent[]
  /** Of those, which the orchestrator has answered for. */
  readonly taken: Sent[]
  /** It was called a duplicate: whoever read it first did not come to answer. */
  isDuplicate: boolean
  /** The life to which the answer of the orchestrator was passed whole, and that answer. */
  acknowledgedTo: number | undefined
  acknowledgement?: string
  /** A worker has said that it is done with the result. */
  isSettled: boolean
  /** What the journal of a worker that was killed had of it. */
  journalled: 'accepted' | 'success' | 'failure' | undefined
}

const RESTARTED = 'The worker restarted before the task ended'

/**
 * Sees what comes by between workers and their orchestrator, hears what the workers say and reads the journals of those
 * that are killed, and notes whatever goes against what is promised.
 */
export class Witness {
  /** What went wrong, in words. */
  readonly complaints: string[] = []
  /** What workers have said of themselves, a line each, for people who look for the cause of an odd end. */
  readonly said: string[] = []
  readonly #slots: number
  readonly #hasOutages: boolean
  readonly #stories = new Map<string, Story>()
  readonly #sendings = new WeakMap<SeenRequest, Sent>()
  #peakPolls = 0
  /** The most tasks in hand that a heartbeat told of. */
  #peakLoad = 0

  /** @param hasOutages - results may come to nothing for longer than a worker tries quickly */
  constructor(slots: number, hasOutages: boolean) {
    this.#slots = slots
    this.#hasOutages = hasOutages
  }

  /** What there was to see, for people. */
  get figures(): Record<string, number> {
    const count = (fits: (story: Story) => boolean) => [...this.#stories.values()].filter(fits).length
    return {
      tasks: this.#stories.size,
      'taken twice, as the answer was lost': count(({ taken }) => taken.length > 1),
      'called duplicates, and never taken': count(
        ({ isDuplicate, taken }) => isDuplicate && taken.length === 0,
      ),
      'results that outlived their worker': count(
        ({ journalled }) => journalled === 'success' || journalled === 'failure',
      ),
      'handed back for a worker that was killed': count(({ journalled }) => journalled === 'accepted'),
      'most polls open at once': this.#peakPolls,
      'most tasks in hand': this.#peakLoad,
    }
  }

  /** What the orchestrator has said to a task's result, all in all. */
  answerTo(taskId: string): 'nothing was offered' | 'taken' | 'called a duplicate' | 'not taken' {
    const story = this.#stories.get(taskId)
    if (!story) return 'nothing was offered'
    if (story.taken.length > 0) return 'taken'
    return story.isDuplicate ? 'called a duplicate' : 'not taken'
  }

  /** The tasks that no worker is done with. */
  get open(): string[] {
    return [...this.#stories].filter(([, { isSettled }]) => !isSettled).map(([taskId]) => taskId)
  }

  /** A request comes by, before anything is done to it. */
  request(seen: SeenRequest, underWay: Iterable<SeenRequest>): void {
    const { path, method, body } = seen
    if (path.endsWith('/tasks/result')) this.#sent(seen)
    else if (path.endsWith('/tasks/next'))
      this.#polled([...underWay].filter((other) => other.path === path && other.life === seen.life).length)
    else if (method === 'PATCH' && body !== '') this.#beat(seen, JSON.parse(body))
    else if (path.endsWith('/register')) this.#note(seen, JSON.parse(body))
  }

  /** The orchestrator has answered, and the fault does this to its answer. */
  answer(seen: SeenRequest, { status, text }: SeenAnswer, fault: Fault): void {
    if (!seen.path.endsWith('/tasks/result')) return
    const isRead = status === 200 || text.includes('Duplicate message')
    if (!isRead) return
    const story = this.#storyOf(JSON.parse(seen.body).task_id)
    const sent = this.#sendings.get(seen)
    // In the second generation, one that comes too late is read and changes nothing, and so is one that comes again.
    if (status !== 200) story.isDuplicate = true
    if (sent && status === 200 && !text.includes('"ignored"')) story.taken.push(sent)
    if (fault.kind !== 'pass' && fault.kind !== 'delay') return
    story.acknowledgedTo = seen.life
    story.acknowledgement = `${seen.index}: ${status} ${text}`
  }

  /** A worker says something. */
  hear(word: string, rest: string): void {
    if (word === 'delivered' || word === 'ignored') this.#storyOf(rest).isSettled = true
    if (word === 'took') this.#took(rest)
    if (word === 'limit' || word === 'refused' || (word === 'set-aside' && !this.#hasOutages))
      this.complaints.push(`a worker says: ${word} ${rest}`)
  }

  /** Reads the journal of a worker that was killed. */
  readJournal(folder: string): void {
    const path = join(folder, 'journal.log')
    if (!existsSync(path)) return
    const { state, damage } = replay(readFileSync(path))
    for (const { why } of damage) this.complaints.push(`a line of the journal is damaged: ${why}`)
    for (const task of state.tasks) {
      if (task.fact === 'accepted') this.#storyOf(task.taskId).journalled ??= 'accepted'
      else this.#storyOf(task.result.taskId).journalled = isValue(task.result) ? 'success' : 'failure'
    }
    this.#settleWhatIsNotIn(state)
  }

  /** Everything is over: whatever was taken must have been answered for. */
  close(folder: string): void {
    for (const [taskId, story] of this.#stories) {
      if (!story.isSettled) this.complaints.push(`no worker is done with ${taskId}: ${JSON.stringify(story)}`)
      if (story.journalled === 'success' && !story.sent.some(({ status }) => status === 'success'))
        this.complaints.push(`the result of ${taskId} was in the journal and never came`)
      if (story.journalled === 'accepted' && story.sent.some(({ message }) => message !== RESTARTED))
        this.complaints.push(`the result of ${taskId} was sent before it was written`)
    }
    const { state } = replay(readFileSync(join(folder, 'journal.log')))
    for (const task of state.tasks) this.complaints.push(`left in the journal: ${JSON.stringify(task)}`)
  }

  /** A worker that was killed may have written that it is done with a task, and not have come to say so. */
  #settleWhatIsNotIn(state: JournalState): void {
    for (const [taskId, story] of this.#stories) {
      if (story.isSettled || state.has(taskId)) continue
      story.isSettled = true
      if (story.acknowledgedTo === undefined)
        this.complaints.push(`the journal has lost ${taskId}, for which nobody has answered`)
    }
  }

  #took(taskId: string): void {
    if (this.#storyOf(taskId).isSettled)
      this.complaints.push(`${taskId} is run after a worker was done with it`)
  }

  #sent(seen: SeenRequest): void {
    const { body, life } = seen
    const { task_id: taskId, status, error, result = { status, error } } = JSON.parse(body)
    const story = this.#storyOf(taskId)
    if (story.isSettled) this.complaints.push(`${taskId} is sent again after a worker was done with it`)
    if (story.acknowledgedTo === life)
      this.complaints.push(`${taskId} is sent again after its answer came whole: ${JSON.stringify(story)}`)
    const sent = { status: result.status, message: result.error?.message }
    story.sent.push(sent)
    this.#sendings.set(seen, sent)
  }

  /** Of one id: those of another may have lent their slots, and the worker itself tells if they have not. */
  #polled(open: number): void {
    this.#peakPolls = Math.max(this.#peakPolls, open)
    if (open > this.#slots) this.complaints.push(`${open} polls are open at once`)
  }

  #beat(seen: SeenRequest, body: WorkerBody): void {
    const { load, current_tasks, status, supported_skills } = body
    this.#note(seen, body)
    this.#peakLoad = Math.max(this.#peakLoad, load ?? current_tasks?.length ?? 0)
    // Twice as many: those that run, and those that wait for a slot of their type.
    if (this.#peakLoad > 2 * this.#slots) this.complaints.push(`a heartbeat tells of ${this.#peakLoad} tasks`)
    // An orchestrator fails a job if the only idle worker has no skills.
    if (status === 'idle' && supported_skills?.length === 0)
      this.complaints.push('a heartbeat says "idle", and that there are no skills')
  }

  #note(
    { method, path, life, index }: SeenRequest,
    { worker_id, status, supported_skills }: WorkerBody,
  ): void {
    const skills = supported_skills ? `${supported_skills.length} skills` : ''
    const who = `${worker_id ?? path} of life ${life}`
    this.said.push(`${index} ${new Date().toISOString()} ${method} ${who}: ${status ?? ''} ${skills}`)
  }

  #storyOf(taskId: string): Story {
    const known = this.#stories.get(taskId)
    if (known) return known
    const story: Story = {
      sent: [],
      taken: [],
      isDuplicate: false,
      acknowledgedTo: undefined,
      isSettled: false,
      journalled: undefined,
    }
    this.#stories.set(taskId, story)
    return story
  }
}

const isValue = ({ outcome }: { readonly outcome: { readonly kind: string } }): boolean =>
  outcome.kind === 'value'

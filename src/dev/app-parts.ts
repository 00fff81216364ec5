import type { ClassicAuth } from './classic-auth.js'
import type { OrchestratorFaults } from './faults/fault.js'
import type { DevSettings } from './options.js'
import type { JobRunner } from './run/job-runner.js'
import type { ProgressReceiver } from './run/progress-receiver.js'
import type { EventReceiver } from './rxon/event-receiver.js'
import type { MessageVerifier } from './rxon/message-verifier.js'
import type { RxonAuth } from './rxon/rxon-auth.js'
import type { Tokens } from './rxon/tokens.js'
import type { OrchestratorState } from './state/orchestrator-state.js'
import type { Activity } from './watch/activity.js'
import type { Changes } from './watch/changes.js'
import type { Feed } from './watch/feed.js'
import type { Overview } from './watch/overview.js'

/** The parts that requests and sockets use. */
export interface AppParts extends OrchestratorState {
  readonly settings: DevSettings
  readonly runner: JobRunner
  readonly progress: ProgressReceiver
  readonly classicAuth: ClassicAuth
  readonly rxonAuth: RxonAuth
  readonly tokens: Tokens
  readonly verifier: MessageVerifier
  readonly receiver: EventReceiver
}

/** The parts that the page uses, too. */
export interface PageParts extends AppParts {
  readonly activity: Activity
  readonly changes: Changes
  readonly overview: Overview
  readonly feed: Feed
  readonly faults: OrchestratorFaults
}

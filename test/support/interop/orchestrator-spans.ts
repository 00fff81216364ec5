import { eventually } from './eventually.js'
import type { OrchestratorUnderTest } from './orchestrator-under-test.js'

/** A span of the real orchestrator, as it writes it. */
export interface OrchestratorSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
}

// Polls and heartbeats push older spans out of the kept output, so spans are collected at each look.
const SPAN =
  /"name": "(.*)",\s+"context": \{\s+"trace_id": "0x([0-9a-f]+)",\s+"span_id": "0x([0-9a-f]+)",[^}]*\},\s+"kind": "[^"]*",\s+"parent_id": (?:null|"0x([0-9a-f]+)")/g

/** Waits for a span of the orchestrator that fits. */
export const orchestratorSpan = async (
  orchestrator: OrchestratorUnderTest,
  name: RegExp,
  fits: (span: OrchestratorSpan) => boolean,
): Promise<OrchestratorSpan> => {
  const seen = new Map<string, OrchestratorSpan>()
  const look = () => {
    for (const [, its = '', traceId = '', spanId = '', parentId] of orchestrator.log().matchAll(SPAN))
      seen.set(spanId, { name: its, traceId, spanId, parentId })
    return [...seen.values()].find((span) => name.test(span.name) && fits(span))
  }
  return eventually(`the orchestrator writes the span ${name}`, look, { deadlineMs: 30_000 }, () => [
    ...seen.values(),
  ])
}

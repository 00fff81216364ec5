import {
  startOrchestrator,
  type TestOrchestrator,
  type TestOrchestratorOptions,
} from 'avtomatika-worker/testing'
import { onTestFinished } from 'vitest'

/** Starts an orchestrator of the test kit for one test. An unexpected request fails the test. */
export const testOrchestrator = async (options?: TestOrchestratorOptions): Promise<TestOrchestrator> => {
  const orchestrator = await startOrchestrator(options)
  onTestFinished(() => orchestrator.close())
  return orchestrator
}

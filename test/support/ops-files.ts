import { readFileSync } from 'node:fs'
import { parse, parseAllDocuments } from 'yaml'

/** One alert of `ops/alerts.yml`. */
export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: {
    readonly summary: string
    readonly description: string
    readonly runbook_url: string
  }
}

interface AlertTest {
  readonly name: string
  readonly alert_rule_test: readonly {
    readonly alertname: string
    readonly exp_alerts?: readonly unknown[]
  }[]
}

/** Reads a file of `ops/`. */
export const opsText = (path: string): string =>
  readFileSync(new URL(`../../ops/${path}`, import.meta.url), 'utf8')

export const alertRules: readonly AlertRule[] = parse(opsText('alerts.yml')).groups.flatMap(
  ({ rules }: { rules: readonly AlertRule[] }) => rules,
)

export const alertTests: readonly AlertTest[] = parse(opsText('alerts.test.yml')).tests

/** The objects in a file for Kubernetes. Throws if the file is no YAML. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the file has; each test says what it expects.
export const objectsIn = (path: string): readonly any[] =>
  parseAllDocuments(opsText(path)).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join('\n')}`)
    return document.toJS()
  })

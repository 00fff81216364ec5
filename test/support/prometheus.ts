import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './interop/child-process.js'
import { eventually } from './interop/eventually.js'
import { freePort } from './interop/free-port.js'

/** Whether the server is installed (Debian package `prometheus`). */
export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0

type Labels = Readonly<Record<string, string>>

const fits = (its: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => its[name] === value)

/** An alert that is pending or fires. */
export interface ActiveAlert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'pending' | 'firing'
}

interface Sample {
  readonly metric: Labels
  readonly value: readonly [time: number, value: string]
}

export interface PrometheusSetup {
  /** The ports of the workers on this machine. */
  readonly ports: readonly number[]
  /** The text of a file with rules. */
  readonly rules?: string
  /** Labels of every series of these workers, as a service discovery adds them. */
  readonly labels?: Labels
}

/** A real Prometheus server that scrapes workers and evaluates rules five times a second. The caller stops it. */
export class Prometheus {
  readonly #url: string
  readonly #server: Child
  readonly #folder: string

  private constructor(url: string, server: Child, folder: string) {
    this.#url = url
    this.#server = server
    this.#folder = folder
  }

  static async start({ ports, rules = '', labels = {} }: PrometheusSetup): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
    const targets = ports.map((port) => `127.0.0.1:${port}`)
    writeFileSync(join(folder, 'rules.yml'), rules)
    writeFileSync(
      join(folder, 'prometheus.yml'),
      // JSON is YAML.
      JSON.stringify({
        global: { scrape_interval: '200ms', scrape_timeout: '200ms', evaluation_interval: '200ms' },
        rule_files: ['rules.yml'],
        scrape_configs: [{ job_name: 'avtomatika-worker', static_configs: [{ targets, labels }] }],
      }),
    )
    const port = await freePort()
    const server = new Child('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ])
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, server, folder)
    try {
      const ready = () => prometheus.#isReady()
      await eventually('Prometheus is ready', ready, {}, () => server.output)
      // It looks for its targets every five seconds.
      await eventually('the targets', async () => (await prometheus.query('up')).length === ports.length)
      return prometheus
    } catch (error) {
      await prometheus.stop()
      throw error
    }
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#server.end('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The alerts that are pending or fire now. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    return ((await this.#get('/api/v1/alerts')) as { alerts: readonly ActiveAlert[] }).alerts
  }

  /** Evaluates a query now. */
  async query(query: string): Promise<readonly Sample[]> {
    const path = `/api/v1/query?query=${encodeURIComponent(query)}`
    return ((await this.#get(path)) as { result: readonly Sample[] }).result
  }

  /** Waits until an alert of this name and with these labels fires. */
  async fires(name: string, labels: Labels): Promise<ActiveAlert> {
    let seen: readonly ActiveAlert[] = []
    return eventually(
      `the alert ${name} fires`,
      async () => {
        seen = (await this.alerts()).filter(({ labels: its }) => fits(its, labels))
        return seen.find(({ labels: its, state }) => its['alertname'] === name && state === 'firing')
      },
      {},
      () => [seen, this.#server.output.slice(-500)],
    )
  }

  /** Waits until no alert of this name and with these labels is active. */
  async isQuiet(name: string, labels: Labels): Promise<void> {
    await eventually(`the alert ${name} is over`, async () =>
      (await this.alerts()).every(({ labels: its }) => its['alertname'] !== name || !fits(its, labels)),
    )
  }

  async #isReady(): Promise<boolean> {
    if (this.#server.hasEnded) throw new Error(`Prometheus has ended:\n${this.#server.output}`)
    return fetch(`${this.#url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(this.#url + path)
    const answer = (await response.json()) as { data?: unknown; error?: string }
    if (answer.error !== undefined) throw new Error(`${path}: ${answer.error}`)
    return answer.data
  }
}

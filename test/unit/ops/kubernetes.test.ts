import { describe, expect, test } from 'vitest'
import { VARIABLES } from '../../../src/config/variables.js'
import { FAMILY_NAMES, metricNamesIn } from '../../support/metric-names.js'
import { objectsIn } from '../../support/ops-files.js'

const [service, workers, monitor] = objectsIn('kubernetes/worker.yml')
const [keda] = objectsIn('kubernetes/keda.yml')
const [hpa] = objectsIn('kubernetes/hpa.yml')

const { template } = workers.spec
const [container] = template.spec.containers
const variables: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  container.env.map(({ name, value }: { name: string; value?: string }) => [name, value]),
)
/** The user `node` of the official images of Node. */
const NODE_USER = 1_000
const slots = Number(variables['MAX_CONCURRENT_TASKS'])

describe('the workers', () => {
  test('are a StatefulSet, because each keeps its id and its state', () => {
    expect([workers.apiVersion, workers.kind]).toEqual(['apps/v1', 'StatefulSet'])
    expect(workers.spec.serviceName).toBe(service.metadata.name)
    expect(workers.spec.selector.matchLabels).toEqual(template.metadata.labels)
    expect(service.spec.selector).toEqual(template.metadata.labels)
    const [mount] = container.volumeMounts
    expect(mount.mountPath).toBe(variables['WORKER_STATE_DIR'])
    expect(workers.spec.volumeClaimTemplates[0].metadata.name).toBe(mount.name)
    const id = container.env.find(({ name }: { name: string }) => name === 'WORKER_ID')
    expect(id.valueFrom.fieldRef.fieldPath).toBe('metadata.name')
  })

  test('have variables that the package knows', () => {
    const known = Object.keys(VARIABLES)
    expect(Object.keys(variables).filter((name) => !known.includes(name))).toEqual([])
  })

  test('have probes of pages that the health server has, on its port', () => {
    expect(container.readinessProbe.httpGet.path).toBe('/readyz')
    expect(container.livenessProbe.httpGet.path).toBe('/livez')
    const [port] = container.ports
    expect(String(port.containerPort)).toBe(variables['WORKER_PORT'])
    for (const { httpGet } of [container.readinessProbe, container.livenessProbe])
      expect(httpGet.port).toBe(port.name)
    const [endpoint] = monitor.spec.podMetricsEndpoints
    expect([endpoint.port, endpoint.path]).toEqual([port.name, '/metrics'])
    expect(monitor.spec.selector.matchLabels).toEqual(template.metadata.labels)
  })

  test('run as a user that can write to the volume, and as no other', () => {
    const { runAsNonRoot, runAsUser, fsGroup } = template.spec.securityContext
    expect([runAsNonRoot, runAsUser]).toEqual([true, NODE_USER])
    // The volume gets this group. The process is a member of it.
    expect(fsGroup).toBe(NODE_USER)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('have longer to end than the worker takes', () => {
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      Number(VARIABLES.WORKER_SHUTDOWN_TIMEOUT.default) + 2,
    )
  })
})

describe.each([
  ['KEDA', keda.spec.minReplicaCount, keda.spec.maxReplicaCount, keda],
  ['the autoscaler of Kubernetes', hpa.spec.minReplicas, hpa.spec.maxReplicas, hpa],
])('%s', (_name, least, most, { spec }) => {
  test('scales these workers, and never to none', () => {
    const { apiVersion, kind, metadata } = workers
    expect(spec.scaleTargetRef).toEqual({ apiVersion, kind, name: metadata.name })
    expect(least).toBeGreaterThanOrEqual(1)
    expect(most).toBeGreaterThan(least)
  })
})

/** What the autoscaler wants: the sum divided by the target for each worker. */
const wanted = (used: number, target: number): number => Math.ceil(used / target)

test('KEDA asks Prometheus for the slots in use, and a full fleet grows', () => {
  expect([keda.apiVersion, keda.kind]).toEqual(['keda.sh/v1alpha1', 'ScaledObject'])
  const [trigger] = keda.spec.triggers
  expect([trigger.type, trigger.metricType]).toEqual(['prometheus', 'AverageValue'])
  const { serverAddress, query, threshold, ...others } = trigger.metadata
  expect(Object.keys(others)).toEqual(['ignoreNullValues'])
  // KEDA takes texts only.
  for (const value of Object.values(trigger.metadata)) expect(typeof value).toBe('string')
  expect(new URL(serverAddress).protocol).toBe('http:')
  expect(metricNamesIn(query).filter((name) => !FAMILY_NAMES.includes(name))).toEqual([])
  for (const workers of [1, 2, 5, 10])
    expect(wanted(slots * workers, Number(threshold))).toBeGreaterThan(workers)
})

test('the autoscaler of Kubernetes asks for the same', () => {
  expect([hpa.apiVersion, hpa.kind]).toEqual(['autoscaling/v2', 'HorizontalPodAutoscaler'])
  const [{ type, pods }] = hpa.spec.metrics
  expect(type).toBe('Pods')
  expect(FAMILY_NAMES).toContain(pods.metric.name)
  expect(pods.metric.selector.matchLabels).toEqual({ type: '_all' })
  expect(pods.target.type).toBe('AverageValue')
  expect(pods.target.averageValue).toBe(keda.spec.triggers[0].metadata.threshold)
})

import type { Disposable } from '../bus.js'
import { rosTimeOf, type RosNode } from './rclnodejs.js'

/** diagnostic_msgs/msg/DiagnosticStatus. */
export interface Status {
  readonly name: string
  readonly level: 'ok' | 'warn' | 'error' | 'stale'
  readonly message: string
  readonly values: Readonly<Record<string, string | number | boolean>>
}

const LEVELS = { ok: 0, warn: 1, error: 2, stale: 3 } as const
/** ms between two reports. */
const PERIOD = 1000

/**
 * Publishes the status that `collect` returns on /diagnostics, once a second. Each name begins with the node's full
 * name, so that nodes of one name in two namespaces can be told apart.
 */
export function publishDiagnostics(node: RosNode, collect: () => readonly Status[]): Disposable {
  const publisher = node.createPublisher('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics')
  const whole = `${node.namespace() === '/' ? '' : node.namespace()}/${node.name()}`
  const report = (): void => {
    publisher.publish({
      header: { stamp: rosTimeOf(node), frame_id: '' },
      status: collect().map(({ name, level, message, values }) => ({
        name: `${whole}: ${name}`,
        level: LEVELS[level],
        message,
        hardware_id: whole,
        values: Object.entries(values).map(([key, value]) => ({
          key,
          value: typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value),
        })),
      })),
    })
  }
  const timer = setInterval(report, PERIOD)
  timer.unref()
  return {
    dispose: () => {
      clearInterval(timer)
      node.destroyPublisher(publisher)
    },
  }
}

/**
 * A Ros2Bus in a process of its own. It takes commands as lines of JSON, like peer.py. Its arguments are those of a
 * node.
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Publisher } from '../../middleware/bus.js'
import type { MessageTypes, TypeName } from '../../middleware/messages.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'

interface Request {
  readonly id: number
  readonly do: string
  readonly topic: string
  readonly type: TypeName
  readonly messages: readonly Record<string, unknown>[]
  readonly count: number
  readonly period?: number
}

const ros = await Ros2Process.start('bus', ['bus', ...process.argv.slice(2)])
const warnings: { topic: string; text: string }[] = []
const bus = new Ros2Bus(ros.rcl, ros.node, { onWarning: (topic, text) => warnings.push({ topic, text }) })
const heard = new Map<string, { message: Record<string, unknown>; receive: number }[]>()
const publishers = new Map<string, Publisher<MessageTypes[TypeName]>>()

/**
 * Reads {"$floats": [...]} as f64, {"$float32s": [...]} as f32, {"$bytes": [n, value]}, and {"$now": 0} as the time of
 * the bus.
 */
function given(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if ('$floats' in value) return Float64Array.from(value.$floats as number[])
  if ('$float32s' in value) return Float32Array.from(value.$float32s as number[])
  if ('$bytes' in value) return new Uint8Array((value.$bytes as number[])[0]).fill((value.$bytes as number[])[1])
  return '$now' in value ? bus.clock.now() : value
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return { length: value.length, sha256: createHash('sha256').update(value).digest('hex') }
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as Iterable<number>) : value
}

const fieldsOf = (message: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(message).map(([name, value]) => [name, shown(value)]))

function publisherOf(topic: string, type: TypeName): Publisher<MessageTypes[TypeName]> {
  const made = publishers.get(topic) ?? (bus.advertise(topic, type) as Publisher<MessageTypes[TypeName]>)
  publishers.set(topic, made)
  return made
}

const does: Record<string, (request: Request) => unknown> = {
  subscribe: ({ topic, type }) => {
    const box: { message: Record<string, unknown>; receive: number }[] = []
    heard.set(topic, box)
    // Of pictures at their rate only the number is kept, and their publishers.
    bus.subscribe(topic, type, (message, receive) =>
      box.push({
        message:
          type === 'sensor_msgs/msg/Image' && box.length > 3
            ? { frameId: (message as MessageTypes['sensor_msgs/msg/Image']).frameId }
            : fieldsOf(message),
        receive,
      }),
    )
    return ros.node.resolveTopicName(topic)
  },
  advertise: ({ topic, type }) => void publisherOf(topic, type),
  publish: async ({ topic, type, messages, period = 0 }) => {
    const publisher = publisherOf(topic, type)
    for (const message of messages) {
      publisher.publish(
        Object.fromEntries(
          Object.entries(message).map(([name, value]) => [name, given(value)]),
        ) as unknown as MessageTypes[TypeName],
      )
      if (period > 0) await new Promise(resolve => setTimeout(resolve, period * 1000))
    }
  },
  heard: ({ topic, count }) => heard.get(topic)?.slice(0, count),
  counts: () => Object.fromEntries([...heard].map(([topic, box]) => [topic, box.length])),
  clear: () => {
    for (const box of heard.values()) box.length = 0
  },
  // The smallest step between receive times. Below 0: the time went back.
  steps: ({ topic }) =>
    Math.min(
      ...(heard
        .get(topic)
        ?.slice(1)
        .map(({ receive }, i) => receive - (heard.get(topic)?.[i].receive ?? 0)) ?? []),
    ),
  // Ends a subscription twice, the second time after another subscription to the topic has begun.
  endTwice: ({ topic, type }) => {
    const first = bus.subscribe(topic, type, () => undefined)
    first.dispose()
    bus.subscribe(topic, type, () => undefined)
    first.dispose()
    bus.subscribe(topic, type, () => undefined)
  },
  health: () => bus.health(),
  topics: () => bus.topics(),
  warnings: () => warnings,
  name: () => `${ros.node.namespace()} ${ros.node.name()}`,
}

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request
  try {
    say({ id: request.id, answer: (await does[request.do](request)) ?? null })
  } catch (error) {
    say({ id: request.id, error: String(error) })
  }
}
await bus.close()
ros.close()

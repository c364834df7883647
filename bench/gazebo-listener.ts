import { GzNode } from '../middleware/gazebo/gz-node.js'
import { IMAGE, stampOf } from '../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../middleware/gazebo/proto.js'
import { WrenchReader } from '../middleware/gazebo/wrench-reader.js'
import { spread } from '../app/measure/percentiles.js'

/** The messages of one stream. */
class Stream {
  hasMessages = false
  count = 0
  ordered = true
  readonly #ways: number[] = []

  /** `stamp` is the time of publishing on the monotonic clock, ns. */
  take(stamp: number, number: number, phase: number): void {
    const now = Number(process.hrtime.bigint())
    this.hasMessages = true
    if (phase !== 1) return
    this.ordered &&= number === this.count
    this.count++
    this.#ways.push((now - stamp) / 1e6)
  }

  result(): object {
    const { p50, p99 } = spread(this.#ways)
    return { count: this.count, ordered: this.ordered, p50, p99 }
  }
}

/**
 * Our side of `prehend bench gazebo`, in a process of its own. It subscribes to the streams of gazebo_publisher.cpp as
 * its peer gazebo_subscriber.cpp does, and prints the same figures.
 */
const streams = { rgb: new Stream(), depth: new Stream(), wrench: new Stream() }
let isReady = false
const node = await GzNode.open({ onWarning: (topic, text) => process.stderr.write(`${topic}: ${text}\n`) })
const ready = (): void => {
  if (isReady || !Object.values(streams).every(({ hasMessages }) => hasMessages)) return
  isReady = true
  process.stdout.write('ready\n')
}
const onImage =
  (stream: Stream) =>
  ({ header, data }: MessageOf<typeof IMAGE>): void => {
    const view = new DataView(data.buffer, data.byteOffset, 8)
    stream.take(stampOf(header), view.getUint32(0, true), view.getUint32(4, true))
    ready()
  }
node.subscribe('/camera/image', IMAGE, onImage(streams.rgb))
node.subscribe('/camera/depth_image', IMAGE, onImage(streams.depth))
const wrenches = node.subscribe(
  '/wrench',
  new WrenchReader(),
  ({ sec, nsec, wrench: [number = NaN, , , phase = NaN] }) => {
    streams.wrench.take(sec * 1e9 + nsec, number, phase)
    ready()
    if (phase !== 2) return
    wrenches.dispose()
    const result = Object.fromEntries(Object.entries(streams).map(([name, stream]) => [name, stream.result()]))
    process.stdout.write(`${JSON.stringify(result)}\n`, () => void node.close())
  },
)

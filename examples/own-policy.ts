// A policy of one's own, without a model: it backs away from what it touches. The fusion node asks it with each
// observation and publishes its answer as an action chunk.
import { FusionNode, MILLISECOND, parseRobot, type Observation } from 'prehend'
import { ManualBus } from 'prehend/testing'
import { CHANNELS, type ActionChunk, type Policy } from 'prehend/policy'

const RATE = 30
const ROWS = 10

class BackAway implements Policy {
  readonly name = 'back-away'

  async infer({ stamp, values }: Observation): Promise<ActionChunk> {
    const force = values.get('wrench')
    const touches = force?.kind === 'window' && Math.abs(force.mean[2] ?? 0) > 2
    // Row i holds at stamp + (i + 1) / rate: offsets of the tool (m, rad) from where it is now, width (m), effort (N).
    const data = Float32Array.from({ length: ROWS * CHANNELS.length }, (_, k) => {
      const [row, channel] = [Math.floor(k / CHANNELS.length), CHANNELS[k % CHANNELS.length]]
      if (channel === 'dz') return touches ? -0.002 * (row + 1) : 0
      return channel === 'width' ? 0.085 : channel === 'effort' ? 40 : 0
    })
    // This robot file has no tool pose, so the offsets count from the identity.
    const origin = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
    return {
      stamp,
      rate: RATE,
      data,
      origin,
      graspSuccess: undefined,
      gate: undefined,
      latent: undefined,
      inferenceMs: 0,
    }
  }

  async close(): Promise<void> {}
}

const robot = parseRobot(
  'robot: arm\ntick: { rate: 10 Hz }\nstreams: { wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped } }',
  'arm.yaml',
)
const bus = new ManualBus()
const policy = new BackAway()
const fusion = new FusionNode({ bus, robot, policy, inferenceLatency: 0 })
await fusion.configure()
await fusion.activate()
bus.subscribe('/policy/action_chunk', 'prehend_interfaces/msg/ActionChunk', ({ stamp, data }) =>
  console.log(`${stamp / MILLISECOND} ms: last row dz ${data[(ROWS - 1) * CHANNELS.length + 2]?.toFixed(3)} m`),
)

const wrench = bus.advertise('/wrench', 'geometry_msgs/msg/WrenchStamped')
for (let ms = 1; ms <= 450; ms++) {
  await bus.advance(MILLISECOND)
  const fz = ms > 220 ? 5 : 0
  wrench.publish({ stamp: bus.clock.now(), frameId: 'wrist', wrench: Float64Array.of(0, 0, fz, 0, 0, 0) })
}
await fusion.shutdown()
await policy.close()

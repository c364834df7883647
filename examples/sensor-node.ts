// A sensor of one's own as a managed node: it publishes wrenches on a bus, and the fusion node aligns them.
// The clock of this bus is moved by hand, as in a test; `openBus('ros2')` gives a live one.
import { FusionNode, MILLISECOND, parseRobot, type Observation } from 'prehend'
import { LifecycleNode, type Bus, type Disposable, type Publisher, type WrenchStamped } from 'prehend/middleware'
import { ManualBus } from 'prehend/testing'

/** Reads a force sensor 500 times a second. */
class ScaleNode extends LifecycleNode {
  #publisher: Publisher<WrenchStamped> | undefined
  #timer: Disposable | undefined
  #force = 0
  readonly bus: Bus

  constructor(bus: Bus) {
    super('scale')
    this.bus = bus
  }

  protected override onConfigure(): void {
    this.#publisher = this.bus.advertise('/scale', 'geometry_msgs/msg/WrenchStamped')
  }

  protected override onActivate(): void {
    const { clock } = this.bus
    // The stamp is when it was measured; the bus adds when it arrived.
    this.#timer = clock.every(2 * MILLISECOND, () =>
      this.#publisher?.publish({ stamp: clock.now(), frameId: 'plate', wrench: this.#read() }),
    )
  }

  protected override onDeactivate(): void {
    this.#timer?.dispose()
  }

  /** fx, fy, fz (N), tx, ty, tz (N·m). A real one asks its device. */
  #read(): Float64Array {
    return Float64Array.of(0, 0, (this.#force += 0.01), 0, 0, 0)
  }

  protected override onCleanup(): void {
    this.#publisher?.dispose()
  }
}

const robot = parseRobot(
  'robot: kitchen\ntick: { rate: 10 Hz }\nstreams: { weight: { topic: /scale, type: geometry_msgs/msg/WrenchStamped } }',
  'kitchen.yaml',
)
const bus = new ManualBus()
const scale = new ScaleNode(bus)
const fusion = new FusionNode({ bus, robot, policy: undefined, inferenceLatency: 0, onObservation: print })
for (const node of [fusion, scale]) await node.configure()
for (const node of [fusion, scale]) await node.activate()
await bus.advance(450 * MILLISECOND)
for (const node of [scale, fusion]) await node.shutdown()

function print({ stamp, values }: Observation): void {
  const weight = values.get('weight')
  if (weight?.kind === 'window') console.log(`${stamp / MILLISECOND} ms: ${weight.mean[2]?.toFixed(3)} N`)
}

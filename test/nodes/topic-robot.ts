import { controlPart, type ControlPartOptions } from '../../app/session/parts/control-part.js'
import { Session } from '../../app/session/session.js'
import { Robotiq2f85 } from '../../drivers/robotiq-2f85.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { ActionGroupMessage, MessageTypes, TypeName } from '../../middleware/messages.js'
import { CHUNK_TOPIC } from '../../nodes/fusion-node.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'
import { RobotiqFirmware } from '../../sim/firmware/robotiq-firmware.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'
import { MS, Wire } from './rig.js'

/** A group of a chunk's columns, as a message says it. */
export const group = (fields: Partial<ActionGroupMessage>): ActionGroupMessage => ({
  name: '',
  kind: '',
  counts: '',
  joints: [],
  continuous: [],
  rotation: '',
  frame: '',
  channels: [],
  unit: '',
  ...fields,
})

/** The control node of a robot file with actuators on topics, a voice and a gripper, and a policy that the test plays. */
export class TopicRobot {
  readonly clock = new SteppedClock(1)
  readonly errors: unknown[] = []
  readonly notices: string[] = []
  readonly bus = new LocalBus(this.clock, { onError: error => this.errors.push(error) })
  readonly firmware = new RobotiqFirmware({ plant: new SpringPlant(), initial: 'activated' })
  readonly control
  /** What the policy commands; undefined: it is silent. */
  row: readonly number[] | undefined
  origins: readonly number[] = []
  readonly #groups: readonly ActionGroupMessage[]
  readonly #chunks = this.bus.advertise(`/${CHUNK_TOPIC}`, 'prehend_interfaces/msg/ActionChunk')
  readonly #voice = this.bus.advertise('/voice/events', 'prehend_interfaces/msg/VoiceEvent')

  /** `robot`: a robot file, or its text. */
  constructor(
    robot: string | Robot,
    groups: readonly ActionGroupMessage[],
    options: Partial<ControlPartOptions> = {},
    framePrefix = '',
  ) {
    this.#groups = groups
    this.control = Session.assemble(
      {
        robot: typeof robot === 'string' ? parseRobot(robot, 'robot.yaml') : robot,
        bus: this.bus,
        framePrefix,
        onError: error => this.errors.push(error),
      },
      {
        control: controlPart({
          gripper: new Robotiq2f85(new Wire(() => this.firmware), { timeout: 100, retries: 0 }),
          execution: 'receding_horizon',
          onNotice: text => this.notices.push(text),
          ...options,
        }),
      },
    ).nodes.control
  }

  async up(): Promise<this> {
    await this.control.configure()
    await this.control.activate()
    return this
  }

  say(text: string): void {
    this.#voice.publish({ stamp: this.clock.now(), frameId: '', text, confidence: 1 })
  }

  /** All that is sent on a topic. */
  sent<T extends TypeName>(topic: string, type: T, then?: (message: MessageTypes[T]) => void): MessageTypes[T][] {
    const all: MessageTypes[T][] = []
    this.bus.subscribe(topic, type, message => {
      all.push(message)
      then?.(message)
    })
    return all
  }

  /** `ms` pass, in each of which `plant` moves. A chunk of 10 rows comes every 33 ms. */
  async run(ms: number, plant: (stamp: number, ms: number) => void = () => undefined): Promise<void> {
    for (let i = 1; i <= ms; i++) {
      this.clock.advanceTo(this.clock.now() + MS)
      const stamp = this.clock.now()
      this.firmware.step(stamp)
      plant(stamp, i)
      if (i % 33 === 0) this.chunk()
      await this.bus.settle(stamp)
    }
  }

  chunk(): void {
    const { row } = this
    if (!row) return
    this.#chunks.publish({
      stamp: this.clock.now(),
      frameId: '',
      rate: 30,
      data: Float32Array.from({ length: 10 * row.length }, (_, i) => row[i % row.length]!),
      origin: new Float64Array(7),
      gate: new Float32Array(0),
      graspSuccess: NaN,
      groups: this.#groups,
      origins: Float64Array.from(this.origins),
    })
  }
}

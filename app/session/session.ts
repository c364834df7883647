import type { Bus } from '../../middleware/bus.js'
import type { LifecycleNode } from '../../middleware/lifecycle.js'
import type { CameraNode } from '../../nodes/camera-node.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { ForceTorqueNode } from '../../nodes/force-torque-node.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import type { TeleopNode } from '../../nodes/teleop-node.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { closeInOrder, recordingClosing, type Closing, type Recording } from './closing.js'

/** What all nodes of a session share. */
export interface Surroundings {
  readonly robot: Robot
  readonly bus: Bus
  /** Put before the names of the frames that are published. Default: nothing. */
  readonly framePrefix?: string | undefined
  /** Called with errors of the nodes, and with what does not close. */
  readonly onError: (error: unknown) => void
}

/**
 * Makes one node of a session. A part (see `parts/`) has what its node needs beside the surroundings. Each part is a
 * file of its own, so that a process loads the code of its own nodes alone.
 */
export type Part<N extends LifecycleNode> = (around: Surroundings) => N

/** A node is made for each part that is given. */
export interface Parts {
  readonly control?: Part<ControlNode> | undefined
  readonly fusion?: Part<FusionNode> | undefined
  readonly voice?: Part<VoiceNode> | undefined
  readonly teleop?: Part<TeleopNode> | undefined
  readonly forceTorque?: Part<ForceTorqueNode> | undefined
  readonly camera?: Part<CameraNode> | undefined
}

/** The sensors of a robot: any number of nodes that publish. They come up behind the named parts. */
export type Sensors = readonly Part<LifecycleNode>[]

export type NodesOf<P extends Parts> = {
  readonly [K in keyof P]: P[K] extends Part<infer N>
    ? N
    : P[K] extends Part<infer N> | undefined
      ? N | undefined
      : never
}

/** What a session closes beside its nodes and its bus. */
export interface Ends {
  readonly recording?: Recording | undefined
  readonly policy?: Pick<Policy, 'close'> | undefined
  /** What bus and nodes depend on, such as a simulated cell or a ROS process. It is closed last. */
  readonly ground: readonly Closing[]
}

/**
 * Nodes come up in this order and are closed in it. The control node is first: it subscribes before a sensor publishes,
 * and it ends the motion before anything else closes.
 */
const ORDER = ['control', 'fusion', 'voice', 'teleop', 'forceTorque', 'camera'] as const

/**
 * The nodes of a run, an evaluation, a ROS 2 process or a test. This class makes them, brings them up and closes them.
 */
export class Session<Nodes> {
  readonly nodes: Nodes
  /** All nodes that were made, in the order in which they come up and are closed. */
  readonly inOrder: readonly LifecycleNode[]
  readonly #around: Surroundings
  #isUp = false
  #closing: Promise<void> | undefined

  static assemble<const P extends Parts>(around: Surroundings, parts: P, sensors: Sensors = []): Session<NodesOf<P>> {
    const nodes = ORDER.flatMap((name): [string, LifecycleNode][] => {
      const node = parts[name]?.(around)
      return node ? [[name, node]] : []
    })
    return new Session(around, Object.fromEntries(nodes) as unknown as NodesOf<P>, [
      ...nodes.map(([, node]) => node),
      ...sensors.map(sensor => sensor(around)),
    ])
  }

  private constructor(around: Surroundings, nodes: Nodes, inOrder: readonly LifecycleNode[]) {
    this.#around = around
    this.nodes = nodes
    this.inOrder = inOrder
  }

  /** Whether the session closes or is closed. */
  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /** Configures and activates each node before the next one. `settled`: the last step before the session is up. */
  async bringUp(settled?: () => Promise<void> | undefined): Promise<void> {
    for (const node of this.inOrder) {
      await node.configure()
      await node.activate()
    }
    await settled?.()
    this.#isUp = true
  }

  /**
   * Ends the motion first, then the other nodes, the recording, the policy, the bus and what they depend on. Where one
   * fails or does not end in time, `onError` is called with its name and the rest follows. The recording of a session
   * that never came up is discarded. A second call resolves with the first one.
   */
  close({ recording, policy, ground }: Ends): Promise<void> {
    const { bus, onError } = this.#around
    this.#closing ??= closeInOrder(
      [
        ...this.inOrder.map(node => ({ name: `node ${node.name}`, close: () => node.shutdown() })),
        ...recordingClosing(recording, () => this.#isUp),
        ...(policy ? [{ name: 'policy', close: () => policy.close() }] : []),
        { name: 'bus', close: () => bus.close() },
        ...ground,
      ],
      onError,
    )
    return this.#closing
  }
}

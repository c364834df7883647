import type { Closing } from '../app/session/closing.js'
import type { Robot } from '../robots/robot.js'
import type { LifecycleNode } from '../middleware/lifecycle.js'
import { parameter, type ParameterDescription, type Parameters } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus, Ros2BusOptions } from '../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'

export type Declarations = Readonly<Record<string, ParameterDescription>>

/** The parameters of every node. */
export const COMMON = {
  robot: parameter({
    type: 'string',
    default: 'cell',
    readOnly: true,
    description: 'robot file: a path, or the name of one that comes with prehend',
  }),
  autostart: parameter({
    type: 'boolean',
    default: false,
    readOnly: true,
    description: 'whether it configures and activates itself at start, without a lifecycle manager',
  }),
  await_observer: parameter({
    type: 'boolean',
    default: false,
    readOnly: true,
    description:
      'with autostart: whether it waits up to 10 s for a subscriber of ~/transition_event before its ' +
      'transitions. Launch files set it, because they start each node on a transition of the one before',
  }),
} as const

/** The parameter of nodes that publish frames. */
export const FRAME_PREFIX = {
  frame_prefix: parameter({
    type: 'string',
    default: '',
    readOnly: true,
    description:
      'put before the names of all frames that the node publishes, in its messages and on /tf and ' +
      '/tf_static, such as left/, so that the frames of two robots differ',
  }),
} as const

/** What a node is made from. The parameters have their overrides. */
export interface NodeContext<D extends Declarations = Declarations> {
  readonly ros: Ros2Process
  readonly bus: Ros2Bus
  readonly robot: Robot
  readonly parameters: Parameters<D & typeof COMMON>
  readonly log: RosLogger
  /** Aborts when the process is asked to end. */
  readonly ending: AbortSignal
}

/** A node that was made, with its diagnostics and with what is closed after it. */
export interface NodeParts {
  readonly node: LifecycleNode
  /** Its diagnostics; called once a second. */
  status?(): Status[]
  /**
   * Resolves when the node's work is over; rejects when it failed and the log was told. A node that made its own
   * transitions then ends. Left out: the node works until it is ended.
   */
  readonly done?: Promise<void>
  /**
   * Resolves when the node can do its work no more, which the log was told before. The process then ends with exit code
   * 1, so that a launch file starts it again.
   */
  readonly failed?: Promise<void>
  /** What `--json` prints at the end. */
  result?(): Promise<object>
  /** Closed after the node, in this order. */
  readonly closings?: readonly Closing[]
}

/** One kind of node that `prehend node NAME` runs: one file `managed-NAME.ts`, and one entry in `managed-nodes.ts`. */
export interface NodeKind<D extends Declarations = Declarations> {
  readonly parameters: D
  /** Options of its bus. Left out: the defaults. */
  bus?(parameters: Parameters<D & typeof COMMON>): Pick<Ros2BusOptions, 'batch' | 'reliable'>
  make(context: NodeContext<D>): Promise<NodeParts>
}

/** Gives `make` the types of the parameters that are declared beside it. */
export function nodeKind<const D extends Declarations>(kind: NodeKind<D>): NodeKind {
  return kind
}

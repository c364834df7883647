import type { Closing } from '../app/session/closing.js'
import type { Robot } from '../robots/robot.js'
import type { LifecycleNode } from '../middleware/lifecycle.js'
import { parameter, type ParameterDescription, type Parameters } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus, Ros2BusOptions } from '../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'

export type Declarations = Readonly<Record<string, ParameterDescription>>

/** Parameters that every node has. */
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
    description: 'configures and activates itself at start, without a lifecycle manager',
  }),
  await_observer: parameter({
    type: 'boolean',
    default: false,
    readOnly: true,
    description:
      'with autostart: makes its transitions once somebody hears ~/transition_event, or after 10 s. ' +
      'Launch files set it: they start each node on the transition of the one before',
  }),
} as const

/** Parameter of the nodes that publish frames. */
export const FRAME_PREFIX = {
  frame_prefix: parameter({
    type: 'string',
    default: '',
    readOnly: true,
    description:
      'put before the names of all frames that the node publishes, in its messages and on /tf and ' +
      '/tf_static, such as left/: two robots name their frames apart',
  }),
} as const

/** What a node is made of: its process, its bus, its robot file, its parameters with their overrides. */
export interface NodeContext<D extends Declarations = Declarations> {
  readonly ros: Ros2Process
  readonly bus: Ros2Bus
  readonly robot: Robot
  readonly parameters: Parameters<D & typeof COMMON>
  readonly log: RosLogger
  /** Aborted once the process is asked to end. */
  readonly ending: AbortSignal
}

/** A node that was made, with what it says of itself once a second and what is closed after it. */
export interface NodeParts {
  readonly node: LifecycleNode
  status?(): Status[]
  /**
   * Resolves when its work is over, rejects when it failed and that was told: a node that made its own transitions then
   * ends. Left out: it works until it is ended.
   */
  readonly done?: Promise<void>
  /**
   * Resolves when it can do its work no more, which its log has told: the node ends with exit code 1, so that whoever
   * started it starts it anew.
   */
  readonly failed?: Promise<void>
  /** What it says of itself at the end, with `--json`. */
  result?(): Promise<object>
  /** What is closed after the node, in this order. */
  readonly closings?: readonly Closing[]
}

/** One kind of node that `prehend node NAME` runs: one file that makes it, one entry in `kinds.ts`. */
export interface NodeKind<D extends Declarations = Declarations> {
  readonly parameters: D
  /** How its bus hears; left out: each message when it comes. */
  bus?(parameters: Parameters<D & typeof COMMON>): Pick<Ros2BusOptions, 'batch' | 'reliable'>
  make(context: NodeContext<D>): Promise<NodeParts>
}

/** Ties a kind's parameters to its `make`. */
export function nodeKind<const D extends Declarations>(kind: NodeKind<D>): NodeKind {
  return kind
}

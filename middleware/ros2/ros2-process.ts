import { loadRclnodejs, type Rclnodejs, type RosContext, type RosNode } from './rclnodejs.js'
import { nodeName, parameterOverrides, withoutParameters } from './ros-arguments.js'
import { rosParameter } from './ros2-parameters.js'

/**
 * A ROS 2 context of this process with one node that spins. `argv` (`--ros-args …`) has names, remappings and
 * parameters.
 */
export class Ros2Process {
  readonly rcl: Rclnodejs
  readonly node: RosNode
  readonly #context: RosContext

  /**
   * Throws BusError ROS2 without a usable ROS 2 (see loadRclnodejs), ParameterError, and rcl's errors for arguments
   * that cannot be read.
   */
  static async start(name: string, argv: readonly string[]): Promise<Ros2Process> {
    const rcl = await loadRclnodejs()
    rcl.removeSignalHandlers()
    const overrides = parameterOverrides(argv, nodeName(argv, name))
    const context = new rcl.Context()
    // rclnodejs would take parameters from sections of another namespace, so it does not get them.
    await rcl.init(context, withoutParameters(argv))
    const node = new rcl.Node(name, '', context, {
      parameterOverrides: [...overrides].map(([parameter, value]) => rosParameter(rcl, parameter, value)),
      automaticallyDeclareParametersFromOverrides: true,
      enableLoggerService: true,
    })
    return new Ros2Process(rcl, context, node)
  }

  private constructor(rcl: Rclnodejs, context: RosContext, node: RosNode) {
    this.rcl = rcl
    this.#context = context
    this.node = node
    node.spin()
  }

  /** Ends the node and its context. */
  close(): void {
    this.node.stop()
    this.node.destroy()
    if (this.#context.isValid()) this.#context.shutdown()
  }
}

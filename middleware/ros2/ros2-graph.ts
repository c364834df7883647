import { BusError } from '../bus-error.js'
import type { BusGraph, ServiceClient } from '../bus-graph.js'
import { lacking, type Rclnodejs, type RosNode } from './rclnodejs.js'

/** The graph of ROS 2 as a node sees it. */
export function ros2Graph(rcl: Rclnodejs, node: RosNode): BusGraph {
  return {
    publishersOf: topic =>
      node
        .getPublishersInfoByTopic(topic)
        .map(({ node_namespace: namespace, node_name: name }) => `${namespace === '/' ? '' : namespace}/${name}`),
    service: (name, type) => serviceClient(rcl, node, name, type),
  }
}

function serviceClient(rcl: Rclnodejs, node: RosNode, name: string, type: string): ServiceClient {
  const why = lacking(rcl, type)
  if (why !== undefined) throw new BusError('SERVICE', `service ${name}: ${why}`)
  const client = node.createClient(type, name)
  const ended = new AbortController()
  return {
    get ready() {
      return !ended.signal.aborted && client.isServiceServerAvailable()
    },
    call: async (request, within) =>
      (await client.sendRequestAsync(request, { timeout: within, signal: ended.signal })) as object,
    dispose: () => {
      if (ended.signal.aborted) return
      ended.abort()
      node.destroyClient(client)
    },
  }
}

import type { ActionClient } from '../action-client.js'
import { BusError } from '../bus-error.js'
import { lacking, type Rclnodejs, type RosNode } from './rclnodejs.js'

/** ms in which a server answers a request. */
const ANSWER = 1000

/** A client of the action `name` of a type on a node. Throws BusError ACTION where the type is not installed. */
export function ros2ActionClient(rcl: Rclnodejs, node: RosNode, name: string, type: string): ActionClient {
  const why = lacking(rcl, type)
  if (why !== undefined) throw new BusError('ACTION', `action ${name}: ${why}`)
  const client = new rcl.ActionClient(node, type, name)
  return {
    get ready() {
      return client.isActionServerAvailable()
    },
    async send(goal) {
      const handle = await answered(client.sendGoal(goal), name)
      if (!handle.isAccepted()) return undefined
      return { ended: handle.getResult(), cancel: () => answered(handle.cancelGoal(), name) }
    },
    dispose: () => client.destroy(),
  }
}

async function answered<T>(answer: Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new BusError('ACTION', `action ${name}: its server has not answered within ${ANSWER / 1000} s`)),
      ANSWER,
    )
  })
  try {
    return await Promise.race([answer, silence])
  } finally {
    clearTimeout(timer)
  }
}

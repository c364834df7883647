import { messageOf } from '../middleware/message-of.js'
import type { Disposable } from '../middleware/bus.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'
import type { ControlNode } from '../nodes/control-node.js'
import { Speaker, type VoiceStream } from '../nodes/speaker.js'

/**
 * Serves `~/stop` (prehend_interfaces/srv/Stop) on a control node. The service ends the motion at once and answers when
 * the gripper has acknowledged. It also publishes "stop" on the voice topic, for the policy, for the recording and for
 * the node that runs the episodes. `voice` undefined: the robot has no such topic.
 */
export function serveStop(
  ros: Ros2Process,
  bus: Ros2Bus,
  control: ControlNode,
  { voice, log }: { voice: VoiceStream | undefined; log: RosLogger },
): Disposable {
  const speaker = voice && new Speaker(bus, voice)
  const service = ros.node.createService<{ reason: string }, { stopped: boolean; message: string }>(
    'prehend_interfaces/srv/Stop',
    '~/stop',
    ({ reason }, response) => {
      log.warn(`stop: ${reason || 'asked for by service'}`)
      void control
        .stop()
        .catch((error: unknown) => error)
        .then(failure =>
          response.send({
            stopped: failure === undefined,
            message: failure === undefined ? '' : messageOf(failure),
          }),
        )
      speaker?.say('stop')
    },
  )
  return {
    dispose: () => {
      ros.node.destroyService(service)
      speaker?.dispose()
    },
  }
}

import { stat } from 'node:fs/promises'
import { python } from './prehend.js'

export interface Recorded {
  readonly counts: Record<string, number>
  /** Stamp (s from the recording's start) and position (m) of each tool pose. */
  readonly poses: readonly (readonly [number, number, number, number])[]
  /** The same of each set-point of the arm. */
  readonly targets: Recorded['poses']
  readonly widths: readonly (readonly [number, number])[]
  readonly said: readonly (readonly [number, string])[]
}

/** What rosbags finds in a recording. */
export function recorded(path: string): Recorded {
  return JSON.parse(
    python(
      `
import json, sys
from pathlib import Path
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
counts, poses, targets, widths, said = {}, [], [], [], []
with AnyReader([Path(sys.argv[1])], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
    for connection, receive, data in reader.messages():
        msg = reader.deserialize(data, connection.msgtype)
        counts[connection.topic] = counts.get(connection.topic, 0) + 1
        stamp = msg.header.stamp if hasattr(msg, 'header') else None
        at = stamp and stamp.sec - reader.start_time / 1e9 + stamp.nanosec / 1e9
        if connection.topic in ('/tool_pose', '/tool_target'):
            (poses if connection.topic == '/tool_pose' else targets).append([at, msg.pose.position.x, msg.pose.position.y, msg.pose.position.z])
        elif connection.topic == '/gripper/joint_states':
            widths.append([at, msg.position[0]])
        elif connection.topic == '/voice/events':
            said.append([at, msg.text])
print(json.dumps({'counts': counts, 'poses': poses, 'targets': targets, 'widths': widths, 'said': said}))
`,
      path,
    ),
  ) as Recorded
}

/** Resolves once the file has grown past `bytes`: the loop is running. */
export async function grown(path: string, bytes: number): Promise<void> {
  for (;;) {
    const size = await stat(path).then(
      info => info.size,
      () => 0,
    )
    if (size > bytes) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

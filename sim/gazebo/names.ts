/** Names in Gazebo's world. Names that begin with / are topics. */
export const WORLD = 'prehend'
export const ROBOT = 'gantry'

/** The joints of the arm, in the order of the cell's axes. */
export const ARM_JOINTS = ['x', 'y', 'z', 'yaw'] as const
/** The fingers' joints. The right finger's controller takes the left finger's commands, so both move alike. */
export const FINGER_JOINTS = ['finger_left_joint', 'finger_right_joint'] as const

/** Topic of a joint's command: a double (m, rad), relative to the home position with open fingers. */
export const commandTopic = (joint: (typeof ARM_JOINTS)[number] | 'finger_left_joint'): string =>
  `/model/${ROBOT}/joint/${joint}/0/cmd_pos`

export const TOPICS = {
  clock: '/clock',
  jointState: `/world/${WORLD}/model/${ROBOT}/joint_state`,
  poses: `/world/${WORLD}/pose/info`,
  /** Load on the wrist sensor in its own frame (z points out of the gripper), as in the embedded cell. */
  wrench: '/wrist/wrench',
  /** Prefix of the camera's topics: `/image`, `/depth_image`, `/camera_info`. */
  camera: '/wrist_camera',
  contacts: {
    finger_left: '/gripper/finger_left/contact',
    finger_right: '/gripper/finger_right/contact',
    gripper: '/gripper/palm/contact',
  },
} as const

export const SERVICES = {
  control: `/world/${WORLD}/control`,
  create: `/world/${WORLD}/create`,
  remove: `/world/${WORLD}/remove`,
  setPose: `/world/${WORLD}/set_pose`,
} as const

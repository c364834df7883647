/** Names in Gazebo's world. Those that begin with / are topics. */
export const WORLD = 'prehend'
export const ROBOT = 'gantry'

/** The joints of the robot, in the order of the cell's. */
export const ARM_JOINTS = ['x', 'y', 'z', 'yaw'] as const
/** The right finger's controller listens to the left one's commands, so that both move alike. */
export const FINGER_JOINTS = ['finger_left_joint', 'finger_right_joint'] as const

/** A double (m, rad): where a joint is to go, from its position at home with open fingers. */
export const commandTopic = (joint: (typeof ARM_JOINTS)[number] | 'finger_left_joint'): string =>
  `/model/${ROBOT}/joint/${joint}/0/cmd_pos`

export const TOPICS = {
  clock: '/clock',
  jointState: `/world/${WORLD}/model/${ROBOT}/joint_state`,
  poses: `/world/${WORLD}/pose/info`,
  /** The load on the wrist sensor in its own frame, z out of the gripper, as the cell's. */
  wrench: '/wrist/wrench',
  /** The camera's topics begin with it: `/image`, `/depth_image`, `/camera_info`. */
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

/**
 * The texts of interfaces/msg/*.msg. They are in the code too, so that nothing has to look for that folder at run time:
 * seen from the sources it is in another place than seen from dist/. A test compares both.
 */
export const PREHEND_INTERFACES: Readonly<Record<string, string>> = {
  'prehend_interfaces/msg/VoiceEvent': `# One recognised utterance; the stamp is when it ended.
std_msgs/Header header
string text
# 0 to 1
float32 confidence
# Of this message's layout. 1 had no fields after the confidence. 0: not said, read as the newest.
uint8 VERSION=2
uint8 version
# Who spoke. A value that a reader does not know is read as SOMEBODY, whose stop only "resume" ends.
uint8 SOMEBODY=0
# The script of an episode of the benchmark
uint8 SCRIPT=1
# The action server, for a goal that goes on after a stopped one
uint8 GOAL=2
uint8 speaker
`,
  'prehend_interfaces/msg/ActionGroup': `# Columns of an action chunk that belong to one actuator. docs/reference/policy-contract.md has the kinds and fields.
# The actuator of the robot file
string name
# joint_position, joint_velocity, joint_effort, pose, twist, gripper, scalar
string kind
# absolute, or offset: from where the actuator was at the chunk's stamp. Empty: absolute
string counts
# In the order of the columns
string[] joints
# Those of joints that turn without an end
string[] continuous
# How a rotation is written: quaternion, 6d, rotation_vector, yaw
string rotation
# In which the values are; tool: the frame of the tool at the chunk's stamp
string frame
# The columns of a gripper: width (m) or opening (0 to 1), effort (N)
string[] channels
# SI. Empty: that of joints that turn
string unit
`,
  'prehend_interfaces/msg/ActionChunk': `# What a policy wants done from header.stamp on: rows of set-points.
std_msgs/Header header
# Rows a second
float32 rate
# Row after row. Without groups: dx, dy, dz (m), dyaw (rad) in the tool frame at origin, gripper width (m), effort (N)
float32[] data
# Tool pose at header.stamp, from which rows without groups count
geometry_msgs/Pose origin
# Weights of rgb, depth, force, voice; empty: the policy has no gate
float32[] gate
# 0 to 1; NaN: the policy does not say
float32 grasp_success
# Of this message's layout. 1 had no fields after grasp_success, 2 none after origins. 0: not said, read as the newest.
uint8 VERSION=3
uint8 version
# The columns of a row, in order. Empty: those named at data
prehend_interfaces/ActionGroup[] groups
# Where the actuators were at header.stamp, for the groups that count from there, one after another
float64[] origins
# Of a head: the stamp of the observation that its features are from. Zero: the policy is one graph
builtin_interfaces/Time feature_stamp
`,
}

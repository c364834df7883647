/** The texts of interfaces/msg/*.msg: they have to be at hand wherever the package is installed. */
export const PREHEND_INTERFACES: Readonly<Record<string, string>> = {
  'prehend_interfaces/msg/VoiceEvent': `# One recognised utterance; the stamp is when it ended.
std_msgs/Header header
string text
# 0 to 1
float32 confidence
`,
  'prehend_interfaces/msg/ActionChunk': `# What a policy wants done from header.stamp on: one row of 6 a step.
std_msgs/Header header
# Rows a second
float32 rate
# dx, dy, dz (m), dyaw (rad) in the tool frame at origin, gripper width (m), effort (N); row after row
float32[] data
# Tool pose at header.stamp
geometry_msgs/Pose origin
# Weights of rgb, depth, force, voice; empty: the policy has no gate
float32[] gate
# 0 to 1; NaN: the policy does not say
float32 grasp_success
`,
}

/**
 * Names of the cell's frames (REP-105, ROS-Industrial's convention for arms): its base, its flange with the tool, what
 * is mounted there.
 */
export const BASE_FRAME = 'base_link'
export const TOOL_FRAME = 'tool0'
export const CAMERA_FRAME = 'camera_color_optical_frame'
export const WRIST_FRAME = 'wrist'

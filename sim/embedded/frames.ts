/**
 * Names of the cell's frames (REP-105 and ROS-Industrial's convention for arms): base, flange with the tool, sensors.
 */
export const BASE_FRAME = 'base_link'
export const TOOL_FRAME = 'tool0'
export const CAMERA_FRAME = 'camera_color_optical_frame'
export const WRIST_FRAME = 'wrist'

/** Metres in one unit of depth where the robot file does not say otherwise (REP-118). */
export const MILLIMETRE = 0.001

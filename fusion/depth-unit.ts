/** Metres that a unit of depth has where nobody says otherwise (REP-118). */
export const MILLIMETRE = 0.001

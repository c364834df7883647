/** Stands for the digest of a robot file or encoder that is not known yet, so that the rest can be checked. */
export const UNKNOWN_SHA256 = '0'.repeat(64)

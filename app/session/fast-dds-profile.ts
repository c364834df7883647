import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package-root.js'

/** Variables that name a profile for Fast DDS; the second one is the older name. */
export const PROFILE_VARIABLES = ['FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'] as const

/** Path of the profile that pictures need. */
export const fastDdsProfile = (): string => join(packageRoot, 'launch/config/fastdds.xml')

/** Sets that profile for this process and before ROS is started in it, where the user has set none. */
export function useFastDdsProfile(): void {
  const path = fastDdsProfile()
  if (PROFILE_VARIABLES.every(name => !process.env[name]) && existsSync(path)) process.env[PROFILE_VARIABLES[0]] = path
}

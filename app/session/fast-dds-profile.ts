import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package-root.js'

/** Environment variables that name a profile for Fast DDS. The second one is the older name. */
export const PROFILE_VARIABLES = ['FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'] as const

/** Path of the profile that lets Fast DDS carry large pictures. */
export const fastDdsProfile = (): string => join(packageRoot, 'launch/config/fastdds.xml')

/** Sets that profile for this process, if the user has set none. To be called before ROS starts. */
export function useFastDdsProfile(): void {
  const path = fastDdsProfile()
  if (PROFILE_VARIABLES.every(name => !process.env[name]) && existsSync(path)) process.env[PROFILE_VARIABLES[0]] = path
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../models.js'

const VARIABLES = ['FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'] as const

/** The profile that pictures need (launch/config/fastdds.xml), for this process and before ROS is started in it, where the user has set none. */
export function useFastDdsProfile(): void {
  const path = join(packageRoot, 'launch/config/fastdds.xml')
  if (VARIABLES.every(name => !process.env[name]) && existsSync(path)) process.env[VARIABLES[0]] = path
}

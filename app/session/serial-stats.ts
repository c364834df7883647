import type { WireStats } from '../../drivers/gripper.js'

/** The counters of several serial connections, added. A device that is left out has none. */
export function serialStats(devices: readonly ({ readonly stats: Readonly<WireStats> } | undefined)[]): WireStats {
  const sum: WireStats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  for (const device of devices)
    for (const key of Object.keys(sum) as (keyof WireStats)[]) sum[key] += device?.stats[key] ?? 0
  return sum
}

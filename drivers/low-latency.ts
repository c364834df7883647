import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { SystemFolders } from './port-identity.js'

/**
 * How soon an adapter hands over what it receives. `low`: at once, or within 1 ms. `normal`: within its latency timer,
 * which is 16 ms as FTDI's chips come. `not applicable`: the port is on no adapter, or the system does not say.
 */
export interface PortLatency {
  readonly mode: 'low' | 'normal' | 'not applicable'
  /** One line: what holds and what to do. */
  readonly text: string
}

/** The lines of a port and its mode. serialport's binding sets all of them at once, and takes a missing one for false. */
export interface PortFlags {
  readonly brk: boolean
  readonly cts: boolean
  readonly dsr: boolean
  readonly dtr: boolean
  readonly rts: boolean
  readonly lowLatency: boolean
}

/** What is used of serialport's binding on Linux. */
export interface LatencyBinding {
  set(flags: PortFlags): Promise<void>
  get(): Promise<{ readonly lowLatency?: boolean }>
}

/** DTR and RTS stay as an opened port has them: adapters take their supply or their direction from these lines. */
const FLAGS: PortFlags = { brk: false, cts: false, dsr: false, dtr: true, rts: true, lowLatency: true }

/**
 * Asks the driver of an opened port for its low-latency mode and says what holds then. A re-plugged adapter forgets it,
 * so it is asked for after each opening. `device`: the device file. Never rejects.
 */
export async function askLowLatency(
  binding: LatencyBinding,
  device: string,
  isOnUsb: boolean,
  folders: SystemFolders,
): Promise<PortLatency> {
  if (process.platform !== 'linux' || !isOnUsb)
    return { mode: 'not applicable', text: `${device}: not applicable, the port is on no USB adapter that says it` }
  const refused = await binding.set(FLAGS).then(
    () => '',
    (error: unknown) => (error as Error).message,
  )
  const { lowLatency = false } = await binding.get().catch(() => ({ lowLatency: false }))
  return latencyOf({ device, lowLatency, refused, timer: await latencyTimer(device, folders) })
}

/** What is known of an adapter after it was asked. `timer`: its latency timer in ms; undefined where it has none. */
export interface LatencyFacts {
  readonly device: string
  readonly lowLatency: boolean
  /** The driver's error; '' when there was none. */
  readonly refused: string
  readonly timer: number | undefined
}

/** What these facts mean. The timer counts where there is one. */
export function latencyOf({ device, lowLatency, refused, timer }: LatencyFacts): PortLatency {
  if (timer !== undefined) {
    if (timer <= 1) return { mode: 'low', text: `${device}: latency timer ${timer} ms` }
    const file = `/sys/bus/usb-serial/devices/${basename(device)}/latency_timer`
    return { mode: 'normal', text: `${device}: latency timer ${timer} ms; echo 1 | sudo tee ${file}` }
  }
  if (lowLatency) return { mode: 'low', text: `${device}: low-latency mode` }
  const why = refused === '' ? 'its driver did not take it' : `its driver refuses it (${refused})`
  return { mode: 'normal', text: `${device}: no low-latency mode, ${why}, and it has no latency timer` }
}

/** ms of the latency timer of an FTDI chip; undefined for other adapters. */
export async function latencyTimer(device: string, { sys }: SystemFolders): Promise<number | undefined> {
  try {
    const text = await readFile(join(sys, 'bus/usb-serial/devices', basename(device), 'latency_timer'), 'utf8')
    return Number(text.trim())
  } catch {
    return undefined
  }
}

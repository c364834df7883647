import { join } from 'node:path'
import { requirePeers } from '../peers/peers.js'
import { DriverError } from './driver-error.js'
import { usbAdapters } from './port-identity.js'
import type { SystemFolders } from './port-identity.js'

/** A serial port on a USB adapter. */
export interface UsbPort {
  readonly path: string
  /** '' where the adapter has none. */
  readonly serialNumber: string
}

/** The ports on USB adapters that are plugged in now. */
export async function usbPorts(folders: SystemFolders): Promise<UsbPort[]> {
  if (process.platform === 'linux')
    return usbAdapters(folders).map(({ tty, serial }) => ({ path: join(folders.dev, tty), serialNumber: serial }))
  requirePeers('ports by USB serial number', 'serialport')
  const { SerialPort } = await import('serialport')
  return (await SerialPort.list()).map(({ path, serialNumber = '' }) => ({ path, serialNumber }))
}

/** The path of the only port with this serial number. Throws PORT_MISSING when there is none, PORT_FAILED for several. */
export function pathOfSerialNumber(serialNumber: string, ports: readonly UsbPort[]): string {
  const matches = ports.filter(port => port.serialNumber === serialNumber)
  if (matches.length === 1) return matches[0]!.path
  const what = `serial port with the USB serial number ${serialNumber}`
  if (matches.length > 1) {
    const paths = matches.map(({ path }) => path).join(', ')
    throw new DriverError('PORT_FAILED', `${what}: ${matches.length} adapters have it (${paths}); name one by its path`)
  }
  const there = ports.map(
    port => `${port.serialNumber === '' ? 'without a number' : port.serialNumber} at ${port.path}`,
  )
  const found = there.length === 0 ? 'no USB adapter is plugged in' : `plugged in are ${there.join(', ')}`
  throw new DriverError('PORT_MISSING', `${what}: is not there; ${found}`)
}

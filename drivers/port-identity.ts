import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DriverError } from './driver-error.js'

/** The folders in which the operating system describes its devices. */
export interface SystemFolders {
  readonly dev: string
  readonly proc: string
  readonly sys: string
}

export const SYSTEM: SystemFolders = { dev: '/dev', proc: '/proc', sys: '/sys' }

/** The device that a path leads to. */
export interface FoundPort {
  /** Path of the device file itself, without symbolic links. */
  readonly device: string
  /** A text that is the same for the same device and differs for every other device. */
  readonly identity: string
  /** A text that an open file descriptor of this device gives too (see `deviceMark`). */
  readonly mark: string
  /** One text for each symbolic link on the path. The text changes when the link is created again. */
  readonly links: readonly string[]
  /** Set for a USB adapter. `twins`: a second adapter with the same name was seen on this machine. */
  readonly adapter?: Adapter & { readonly twins: boolean }
}

interface Adapter {
  /** Vendor, product, serial number and interface. Cheap adapters of one model often share all of these. */
  readonly name: string
  /** The serial number; '' where the adapter has none. */
  readonly serial: string
  /** The USB socket, as the numbers of the hub ports on the way to it: `1-4.2`. */
  readonly socket: string
}

/**
 * Major numbers of Linux's pseudo-terminals. The kernel gives the number of a closed pseudo-terminal to the next one.
 */
const PTS_MAJORS = { first: 136, last: 143 }
const MOST_LINKS = 40
/**
 * ns by which a link may be older than its pseudo-terminal. The program that creates both may still change the
 * terminal's permissions after it has made the link.
 */
const LINK_TOLERANCE = 100_000_000n

/**
 * The device that `path` leads to, when it may be opened as the port `known` (undefined: the first time). The device is
 * not opened here, because opening a terminal changes its settings.
 *
 * - A USB adapter is identified by vendor, product, serial number and interface. It is found in every USB socket. An
 *   adapter without a serial number, or with a twin of the same name, is found only in the socket where it was.
 * - A pseudo-terminal is identified by its number and its time of creation. Another pseudo-terminal is accepted in its
 *   place only when the path is a link that was created again: an emulated gripper was restarted. A link that is older
 *   than the pseudo-terminal behind it is refused, because it was made for an earlier pseudo-terminal of this number.
 * - Any other device is identified by its device number.
 * - The controlling terminal of a process is always refused: a user works in it.
 *
 * These checks run on Linux only; on other systems the path is taken as it is. Throws a DriverError: PORT_MISSING, or
 * PORT_FOREIGN when the path leads to another device or to a user's terminal.
 */
export function findPort(path: string, known: FoundPort | undefined, folders = SYSTEM): FoundPort {
  if (process.platform !== 'linux') return { device: path, identity: path, mark: path, links: [] }
  let found: FoundPort | undefined
  let reason: unknown
  try {
    found = lookUp(path, known, folders)
    refuseStranger(path, found, known, folders)
  } catch (error) {
    reason = error
    found = known && sameAdapter(known, folders)
  }
  if (found === undefined) throw reason
  const user = userOf(found.device, folders)
  if (user !== undefined) {
    throw foreign(path, `${nameOf(path, found)} is the terminal in which ${user} runs`, "Name the gripper's own port")
  }
  return found
}

/**
 * Tells whether an opened file is the device that was found: an open descriptor and a path give the same text for the
 * same device.
 */
export function deviceMark({ rdev, ino, ctimeNs }: Pick<BigIntStats, 'rdev' | 'ino' | 'ctimeNs'>): string {
  const major = majorOf(rdev)
  return major >= PTS_MAJORS.first && major <= PTS_MAJORS.last
    ? `pseudo-terminal ${rdev} ${ino} ${ctimeNs}`
    : `device ${rdev}`
}

/** Whether a link was made for an earlier pseudo-terminal of the same number. `linked`, `born`: ns. */
export function isStaleLink(linked: bigint, born: bigint): boolean {
  return linked + LINK_TOLERANCE < born
}

function lookUp(path: string, known: FoundPort | undefined, folders: SystemFolders): FoundPort {
  const links: string[] = []
  let newest = 0n
  let device = path
  for (;;) {
    const stats = lstatSync(device, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) throw missing(path, device)
    if (!stats.isSymbolicLink()) break
    if (links.length === MOST_LINKS)
      throw new DriverError('PORT_FAILED', `serial port ${path}: its links lead round in a circle; name another`)
    links.push(`${stats.dev} ${stats.ino} ${stats.ctimeNs}`)
    newest = stats.ctimeNs > newest ? stats.ctimeNs : newest
    device = resolve(realpathSync(dirname(device)), readlinkSync(device))
  }
  const stats = statSync(device, { bigint: true })
  const mark = deviceMark(stats)
  const adapter = stats.isCharacterDevice()
    ? adapterAt(join(folders.sys, 'dev/char', `${majorOf(stats.rdev)}:${minorOf(stats.rdev)}`), folders)
    : undefined
  const found = adapter
    ? { device, mark, links, ...identified(adapter, known, folders) }
    : { device, identity: mark, mark, links }
  if (links.length > 0 && isPseudoTerminal(found.identity) && isStaleLink(newest, stats.ctimeNs)) {
    throw foreign(
      path,
      `leads to ${device}, which another program was given after the link was made`,
      "Start the gripper's side again: it makes the link anew",
    )
  }
  return found
}

function refuseStranger(path: string, found: FoundPort, known: FoundPort | undefined, folders: SystemFolders): void {
  if (known === undefined) return
  if (
    found.adapter && known.adapter ? isSame(found.adapter, known.adapter, folders) : found.identity === known.identity
  )
    return
  const replaced =
    isPseudoTerminal(known.identity) &&
    isPseudoTerminal(found.identity) &&
    found.links.some(link => !known.links.includes(link))
  if (replaced) return
  if (isPseudoTerminal(found.identity)) {
    throw foreign(
      path,
      `the gripper's device is gone, and ${nameOf(path, found)} belongs to another program now`,
      "Start the gripper's side again, then this program",
    )
  }
  throw foreign(
    path,
    `${nameOf(path, found)} is another device (${found.identity}) than the gripper's (${known.identity})`,
    'Plug that one in again, or start anew to use this one',
  )
}

/** The USB adapter `known` in the socket where it is now; undefined when there is none, or more than one candidate. */
function sameAdapter(known: FoundPort, folders: SystemFolders): FoundPort | undefined {
  const { adapter } = known
  if (adapter === undefined) return undefined
  const matches = usbAdapters(folders).filter(one => isSame(one, adapter, folders))
  if (matches.length !== 1) return undefined
  const { tty, ...one } = matches[0]!
  const device = join(folders.dev, tty)
  try {
    return {
      device: realpathSync(device),
      mark: deviceMark(statSync(device, { bigint: true })),
      links: [],
      ...identified(one, known, folders),
    }
  } catch {
    return undefined
  }
}

/** True in the same socket. In another socket only when no twin was ever seen, since it could be the twin. */
function isSame(one: Adapter, known: Adapter & { readonly twins: boolean }, folders: SystemFolders): boolean {
  return one.name === known.name && (one.socket === known.socket || !(known.twins || hasTwin(one, folders)))
}

function identified(
  adapter: Adapter,
  known: FoundPort | undefined,
  folders: SystemFolders,
): Pick<FoundPort, 'identity'> & Required<Pick<FoundPort, 'adapter'>> {
  const twins = (known?.adapter?.twins ?? false) || hasTwin(adapter, folders)
  return { identity: twins ? `${adapter.name} at ${adapter.socket}` : adapter.name, adapter: { ...adapter, twins } }
}

const hasTwin = ({ name }: Adapter, folders: SystemFolders): boolean =>
  usbAdapters(folders).filter(other => other.name === name).length > 1

/** All USB adapters that are plugged in, also those whose device file this process cannot see. */
export function usbAdapters(folders: SystemFolders): (Adapter & { readonly tty: string })[] {
  return namesIn(join(folders.sys, 'class/tty')).flatMap(tty => {
    const adapter = adapterAt(join(folders.sys, 'class/tty', tty), folders)
    return adapter ? [{ ...adapter, tty }] : []
  })
}

/** The USB adapter that a terminal's folder in /sys belongs to; undefined for anything else. */
function adapterAt(terminal: string, { sys }: SystemFolders): Adapter | undefined {
  let at: string
  try {
    at = realpathSync(terminal)
  } catch {
    return undefined
  }
  let port = ''
  for (const top = realpathSync(sys); at !== top && at !== dirname(at); at = dirname(at)) {
    const read = (file: string): string => textOf(join(at, file))
    if (port === '') port = read('bInterfaceNumber')
    const vendor = read('idVendor')
    if (vendor === '') continue
    const [serial, socket] = [read('serial'), basename(at)]
    return {
      name:
        `usb ${vendor}:${read('idProduct')} ` +
        `${serial === '' ? `without a serial number at ${socket}` : `serial ${serial}`} interface ${port}`,
      serial,
      socket,
    }
  }
  return undefined
}

/** The process whose controlling terminal this is: `bash (4711)`. Undefined: none that this user may see. */
function userOf(device: string, { proc }: SystemFolders): string | undefined {
  const { rdev } = statSync(device, { bigint: true })
  for (const pid of namesIn(proc).filter(name => /^\d+$/.test(name))) {
    // pid (name) state ppid pgrp session tty_nr …: the name may contain any character.
    const [, name, rest] = /^\d+ \((.*)\) (.*)/s.exec(textOf(join(proc, pid, 'stat'))) ?? []
    if (rest !== undefined && BigInt(rest.split(' ')[4]!) === rdev && rdev !== 0n) return `${name} (process ${pid})`
  }
  return undefined
}

const isPseudoTerminal = (identity: string): boolean => identity.startsWith('pseudo-terminal ')
// The same bits as in glibc's gnu_dev_major and gnu_dev_minor.
const majorOf = (rdev: bigint): number => Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n))
const minorOf = (rdev: bigint): number => Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n))
const nameOf = (path: string, { device }: FoundPort): string => (device === path ? 'it' : device)

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function foreign(path: string, what: string, todo: string): DriverError {
  return new DriverError('PORT_FOREIGN', `serial port ${path}: ${what}; nothing is written to it. ${todo}`)
}

function missing(path: string, device: string): DriverError {
  const which = device === path ? 'does not exist' : `leads to ${device}, which does not exist`
  return new DriverError(
    'PORT_MISSING',
    `serial port ${path}: ${which}; is the device plugged in, and is the path right?`,
  )
}

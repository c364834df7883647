import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DriverError } from './driver-error.js'

/** Where the operating system tells of its devices. */
export interface SystemFolders {
  readonly dev: string
  readonly proc: string
  readonly sys: string
}

export const SYSTEM: SystemFolders = { dev: '/dev', proc: '/proc', sys: '/sys' }

/** A device that a path led to. */
export interface FoundPort {
  /** The device file itself: no link. */
  readonly device: string
  /** The same text for the same device, and for no other. */
  readonly identity: string
  /** What an open descriptor of it is known by. */
  readonly mark: string
  /** One text for each symbolic link on the way to it: another one once the link was made anew. */
  readonly links: readonly string[]
  /** Where it is a USB adapter. `twins`: another one that says the same of itself was seen beside it. */
  readonly adapter?: Adapter & { readonly twins: boolean }
}

interface Adapter {
  /** What it says of itself: vendor, product, serial number and interface. Many of one make say all the same. */
  readonly name: string
  /** The USB socket that it is in, by its way through the hubs: `1-4.2`. */
  readonly socket: string
}

/**
 * Character devices 136 to 143: Linux's pseudo-terminals, whose numbers are given to the next one as soon as they are
 * free.
 */
const PTS_MAJORS = { first: 136, last: 143 }
const MOST_LINKS = 40
/**
 * ns by which a link may be older than the pseudo-terminal that it was made for: its maker may change the terminal's
 * rights after it.
 */
const LINK_TOLERANCE = 100_000_000n

/**
 * The device that `path` leads to, and that may be opened as the port `known` (undefined: opened for the first time).
 * Nothing is opened here: opening alone changes a terminal's settings.
 *
 * - A USB adapter is known by vendor, product, serial number and interface, and is found wherever it is plugged in; one
 *   without a serial number, or with a twin
 *   that says the same of itself, only where it was.
 * - A pseudo-terminal is known by number and time of birth. Another one in its place is the port only where the path is
 *   a link that was made anew
 *   for it: an emulated gripper that was started again. A link that is older than the pseudo-terminal behind it was
 * made for one that is gone.
 * - Anything else is known by its device number.
 * - A terminal that somebody works in (a controlling terminal) is never a port.
 *
 * All of this on Linux; elsewhere a path is taken at its word. Throws a DriverError: PORT_MISSING, PORT_FOREIGN where
 * somebody else's device stands there.
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
 * What makes an opened file the one that was found: an open descriptor and a path give the same text for the same
 * device.
 */
export function deviceMark({ rdev, ino, ctimeNs }: Pick<BigIntStats, 'rdev' | 'ino' | 'ctimeNs'>): string {
  const major = majorOf(rdev)
  return major >= PTS_MAJORS.first && major <= PTS_MAJORS.last
    ? `pseudo-terminal ${rdev} ${ino} ${ctimeNs}`
    : `device ${rdev}`
}

/** Whether a link to a pseudo-terminal was made for one that has had the number before. `linked`, `born`: ns. */
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

/** The USB adapter `known`, wherever it is plugged in now; undefined where it is not, or where several may be it. */
function sameAdapter(known: FoundPort, folders: SystemFolders): FoundPort | undefined {
  const { adapter } = known
  if (adapter === undefined) return undefined
  const matches = adapters(folders).filter(one => isSame(one, adapter, folders))
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

/** In the socket where it was, or elsewhere where no twin was or is seen that it might be. */
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
  adapters(folders).filter(other => other.name === name).length > 1

/** All that are plugged in, those too whose device file this process does not see. */
function adapters(folders: SystemFolders): (Adapter & { readonly tty: string })[] {
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
      socket,
    }
  }
  return undefined
}

/** Who works in a terminal: `bash (4711)`; undefined: nobody, as far as this user may see. */
function userOf(device: string, { proc }: SystemFolders): string | undefined {
  const { rdev } = statSync(device, { bigint: true })
  for (const pid of namesIn(proc).filter(name => /^\d+$/.test(name))) {
    // pid (name) state ppid pgrp session tty_nr …: the name may hold anything.
    const [, name, rest] = /^\d+ \((.*)\) (.*)/s.exec(textOf(join(proc, pid, 'stat'))) ?? []
    if (rest !== undefined && BigInt(rest.split(' ')[4]!) === rdev && rdev !== 0n) return `${name} (process ${pid})`
  }
  return undefined
}

const isPseudoTerminal = (identity: string): boolean => identity.startsWith('pseudo-terminal ')
// As glibc's gnu_dev_major and gnu_dev_minor.
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

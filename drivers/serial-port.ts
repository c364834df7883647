import { EventEmitter } from 'node:events'
import { fstatSync } from 'node:fs'
import type { SerialPort as NativePort } from 'serialport'
import { requirePeers } from '../peers/peers.js'
import { monotonicNs } from './byte-stream.js'
import type { ByteStream, ByteStreamEvents } from './byte-stream.js'
import { DriverError } from './driver-error.js'
import type { Transport } from './driver-declaration.js'
import { askLowLatency } from './low-latency.js'
import type { LatencyBinding, PortLatency } from './low-latency.js'
import { openError } from './port-error.js'
import { deviceMark, findPort, SYSTEM } from './port-identity.js'
import type { FoundPort, SystemFolders } from './port-identity.js'
import { pathOfSerialNumber, usbPorts } from './usb-port.js'

/** Which port, and how patient it is. */
export interface SerialPortOptions {
  /** The device. Either this or `serialNumber`. */
  readonly path?: string
  /** The serial number of the USB adapter, wherever it is plugged in. */
  readonly serialNumber?: string
  /** bit/s. */
  readonly baud?: number
  /** ms before the first attempt to reopen a lost port. The delay doubles after each failure, up to `most`. */
  readonly backoff?: { readonly first: number; readonly most: number }
  /** ms that a write may take. After that the port counts as lost. */
  readonly writeTimeout?: number
  /**
   * True: the adapter is asked to hand over at once what it receives, after each opening. `latency` says what holds.
   * Default false.
   */
  readonly lowLatency?: boolean
  /** The folders in which the operating system describes its devices. */
  readonly folders?: SystemFolders
}

/** The serial port as a transport in a robot file. */
export const serialTransport = {
  path: 'a device path',
  options: {
    baud: { kind: 'count', least: 300, most: 4_000_000, default: 115_200, note: 'Default 115200.' },
  },
  describe: (path, { baud }) => `${path} at ${baud} baud`,
  inspect(path) {
    const { device, identity } = findPort(path, undefined)
    return `${path}${device === path ? '' : ` leads to ${device}`} (${identity})`
  },
  remedy: 'the serial ports of this machine are listed above',
} as const satisfies Transport

/** ms between two checks whether the device is still there. */
const WATCH_INTERVAL = 200

/**
 * A serial port, 8N1, opened exclusively. After the device was unplugged the port is reopened, with backoff, until
 * `close`; it is reopened only on the same device (see `findPort`). Use it on the main thread: the native binding polls
 * on the event loop of the process.
 */
export class SerialPort extends EventEmitter<ByteStreamEvents> implements ByteStream {
  /** The path, or the words that stand for it. */
  readonly path: string
  /** How often a lost port came back. */
  reconnects = 0
  /** What holds since the last opening, where `lowLatency` was asked for. */
  latency: PortLatency | undefined
  readonly #baud: number
  readonly #backoff: { readonly first: number; readonly most: number }
  readonly #writeTimeout: number
  readonly #folders: SystemFolders
  readonly #serialNumber: string | undefined
  readonly #lowLatency: boolean
  #native: NativePort | undefined
  /** The device that was opened, until `close`. */
  #known: FoundPort | undefined
  /** Set while another device is found in the place of the lost one, which is not opened. */
  #foreign: DriverError | undefined
  #wanted = false
  #retry: NodeJS.Timeout | undefined
  /** Settles when the current attempt to open the port has ended. */
  #attempt: Promise<void> = Promise.resolve()
  readonly #writes = new Set<(reason: DriverError) => void>()

  constructor({
    path,
    serialNumber,
    baud = 115200,
    backoff = { first: 50, most: 2000 },
    writeTimeout = 1000,
    lowLatency = false,
    folders = SYSTEM,
  }: SerialPortOptions) {
    super()
    if ((path === undefined) === (serialNumber === undefined))
      throw new TypeError('serial port: takes either "path" or "serialNumber"')
    if (path === '' || serialNumber === '')
      throw new TypeError('serial port: "path" or "serialNumber" must name a device, got an empty string')
    if (!(baud > 0)) throw new TypeError(`serial port: "baud" must be positive, got ${baud}`)
    this.path = path ?? `with the USB serial number ${serialNumber}`
    this.#serialNumber = serialNumber
    this.#lowLatency = lowLatency
    this.#baud = baud
    this.#backoff = backoff
    this.#writeTimeout = writeTimeout
    this.#folders = folders
  }

  get isOpen(): boolean {
    return this.#native?.isOpen ?? false
  }

  /** Rejects with PORT_MISSING, PORT_BUSY, PORT_DENIED, PORT_FOREIGN or PORT_FAILED. */
  async open(): Promise<void> {
    if (this.#wanted && this.isOpen) return
    clearTimeout(this.#retry)
    this.#wanted = true
    try {
      await this.#connect()
    } catch (error) {
      this.#wanted = false
      throw error
    }
  }

  /**
   * Rejects with DISCONNECTED while the device is gone, PORT_FOREIGN while another device is in its place, and TIMEOUT
   * when the bytes do not leave in time.
   */
  write(bytes: Uint8Array): Promise<number> {
    const native = this.#native
    if (native === undefined || !native.isOpen) return Promise.reject(this.#away())
    return new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        fail(
          new DriverError(
            'TIMEOUT',
            `serial port ${this.path}: ${bytes.length} bytes did not leave within ${this.#writeTimeout} ms`,
          ),
        )
        this.#lose(native)
      }, this.#writeTimeout)
      const fail = (reason: DriverError): void => {
        clearTimeout(timer)
        this.#writes.delete(fail)
        reject(reason)
      }
      this.#writes.add(fail)
      const failed = (): void => {
        fail(this.#away())
        this.#lose(native)
      }
      native.write(Buffer.from(bytes), error => {
        if (error) return failed()
        native.drain(drainError => {
          if (drainError) return failed()
          const stamp = monotonicNs()
          clearTimeout(timer)
          this.#writes.delete(fail)
          resolve(stamp)
        })
      })
    })
  }

  /** Closes the port in any state and stops reconnecting. Never rejects. */
  async close(): Promise<void> {
    this.#wanted = false
    clearTimeout(this.#retry)
    await this.#attempt.catch(() => undefined)
    const native = this.#native
    this.#native = this.#known = this.#foreign = undefined
    this.#failWrites(this.#closed())
    if (native !== undefined) await shut(native)
  }

  async #connect(): Promise<void> {
    await this.#attempt.catch(() => undefined)
    if (this.isOpen) return
    this.#attempt = this.#openNative()
    return this.#attempt
  }

  async #openNative(): Promise<void> {
    // Loaded here, so that a program that only reads robot files needs no native code.
    requirePeers(`serial port ${this.path}`, 'serialport')
    const serialport = await import('serialport')
    const found = await this.#find()
    const native = new serialport.SerialPort({ path: found.device, baudRate: this.#baud, lock: true, autoOpen: false })
    native.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => {
      native.open(error => (error ? reject(openError(this.path, error)) : resolve()))
    })
    if (isOpenOn(native, found) && this.#lowLatency) {
      const binding = native.port as unknown as LatencyBinding
      this.latency = await askLowLatency(binding, found.device, found.adapter !== undefined, this.#folders)
    }
    if (!this.#wanted) {
      await shut(native)
      throw this.#closed()
    }
    if (!isOpenOn(native, found)) {
      await shut(native)
      throw new DriverError(
        'PORT_MISSING',
        `serial port ${this.path}: went away while it was opened; is its cable loose?`,
      )
    }
    this.#known = found
    this.#native = native
    native.on('data', (bytes: Buffer) => this.emit('bytes', bytes))
    native.on('close', () => this.#lose(native))
    this.#watch(native)
  }

  async #find(): Promise<FoundPort> {
    this.#foreign = undefined
    try {
      const path =
        this.#serialNumber === undefined
          ? this.path
          : pathOfSerialNumber(this.#serialNumber, await usbPorts(this.#folders))
      return findPort(path, this.#known, this.#folders)
    } catch (error) {
      const reason = error instanceof DriverError ? error : openError(this.path, error as Error)
      if (reason.code === 'PORT_FOREIGN') this.#foreign = reason
      throw reason
    }
  }

  /**
   * Drains the port at intervals. The native port does not always notice that an idle port was hung up (its reads then
   * return 0 bytes forever), but a drain of such a port fails on every platform.
   */
  #watch(native: NativePort): void {
    setTimeout(() => {
      if (this.#native !== native || !native.isOpen) return
      native.drain(error => (error ? this.#lose(native) : this.#watch(native)))
    }, WATCH_INTERVAL).unref()
  }

  #lose(native: NativePort): void {
    if (this.#native !== native) return
    this.#native = undefined
    void shut(native)
    const reason = this.#away()
    this.#failWrites(reason)
    this.emit('lost', reason)
    if (this.#wanted) this.#reopenAfter(this.#backoff.first)
  }

  #reopenAfter(delay: number): void {
    this.#retry = setTimeout(() => {
      this.#connect().then(
        () => {
          this.reconnects++
          this.emit('back')
        },
        () => {
          if (this.#wanted) this.#reopenAfter(Math.min(2 * delay, this.#backoff.most))
        },
      )
    }, delay)
  }

  #failWrites(reason: DriverError): void {
    for (const fail of [...this.#writes]) fail(reason)
  }

  #closed(): DriverError {
    return new DriverError('CLOSED', `serial port ${this.path}: was closed`)
  }

  #away(): DriverError {
    if (this.#foreign !== undefined) return this.#foreign
    return new DriverError(
      'DISCONNECTED',
      `serial port ${this.path}: the device is gone; it is reopened when it comes back`,
    )
  }
}

/** Whether the opened descriptor is the device that was found. Another device may have come in between. */
function isOpenOn(native: NativePort, { mark }: FoundPort): boolean {
  const fd = (native.port as { readonly fd?: number | null } | undefined)?.fd
  // Only Linux gives the identity of a device.
  return (
    process.platform !== 'linux' || (typeof fd === 'number' && deviceMark(fstatSync(fd, { bigint: true })) === mark)
  )
}

/** Resolves when the native port is closed or has failed to close. */
function shut(native: NativePort): Promise<void> {
  if (!native.isOpen && !native.closing) return Promise.resolve()
  return new Promise<void>(resolve => {
    native.once('close', () => resolve())
    native.once('error', () => resolve())
    if (!native.closing) native.close(() => resolve())
  })
}

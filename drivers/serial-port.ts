import { EventEmitter } from 'node:events'
import { fstatSync } from 'node:fs'
import type { SerialPort as NativePort } from 'serialport'
import { monotonicNs } from './byte-stream.js'
import type { ByteStream, ByteStreamEvents } from './byte-stream.js'
import { DriverError } from './driver-error.js'
import type { Transport } from './driver.js'
import { openError } from './port-error.js'
import { deviceMark, findPort, SYSTEM } from './port-identity.js'
import type { FoundPort, SystemFolders } from './port-identity.js'

export interface SerialPortOptions {
  readonly path: string
  /** bit/s. */
  readonly baud?: number
  /** ms before the first attempt to reopen a lost port; doubled after each failure up to `most`. */
  readonly backoff?: { readonly first: number; readonly most: number }
  /** ms after which bytes that do not leave mean that the port is lost. */
  readonly writeTimeout?: number
  /** Where the operating system tells of its devices. */
  readonly folders?: SystemFolders
}

/** A serial port in a robot file. */
export const serialTransport = {
  path: 'a device path',
  options: {
    baud: { kind: 'count', least: 300, most: 4_000_000, default: 115_200, note: 'Default 115200.' },
  },
  describe: (path, { baud }) => `${path} at ${baud} baud`,
  look(path) {
    const { device, identity } = findPort(path, undefined)
    return `${path}${device === path ? '' : ` leads to ${device}`} (${identity})`
  },
  remedy: 'the serial ports of this machine are listed above',
} as const satisfies Transport

/** ms between two looks whether the device is still there. */
const WATCH_INTERVAL = 200

/**
 * A serial port, 8N1, held exclusively, that comes back after an unplug: once opened it is looked for, with backoff,
 * until `close`, and reopened where it is the same device (see `findPort`). Belongs on the main thread: the native
 * binding polls on the process's own event loop.
 */
export class SerialPort extends EventEmitter<ByteStreamEvents> implements ByteStream {
  readonly path: string
  /** Times that a lost port came back. */
  reconnects = 0
  readonly #baud: number
  readonly #backoff: { readonly first: number; readonly most: number }
  readonly #writeTimeout: number
  readonly #folders: SystemFolders
  #native: NativePort | undefined
  /** The device that was opened, until `close`. */
  #known: FoundPort | undefined
  /** Why the device that stands in the place of the lost one is left alone. */
  #foreign: DriverError | undefined
  #wanted = false
  #retry: NodeJS.Timeout | undefined
  /** Ends in one way or another whenever the attempt to open that runs has ended. */
  #attempt: Promise<void> = Promise.resolve()
  readonly #writes = new Set<(reason: DriverError) => void>()

  constructor({
    path,
    baud = 115200,
    backoff = { first: 50, most: 2000 },
    writeTimeout = 1000,
    folders = SYSTEM,
  }: SerialPortOptions) {
    super()
    if (path === '') throw new TypeError('serial port: "path" must name a device, got an empty string')
    if (!(baud > 0)) throw new TypeError(`serial port: "baud" must be positive, got ${baud}`)
    this.path = path
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
   * Rejects with DISCONNECTED while the port is away, PORT_FOREIGN while another device stands in its place, TIMEOUT
   * where bytes do not leave.
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

  /** Closes whatever state the port is in and stops reconnecting; never rejects. */
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
    // Loaded here, so that whoever only reads robot files needs no native code.
    const { SerialPort: Native } = await import('serialport')
    const found = this.#find()
    const native = new Native({ path: found.device, baudRate: this.#baud, lock: true, autoOpen: false })
    native.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => {
      native.open(error => (error ? reject(openError(this.path, error)) : resolve()))
    })
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

  #find(): FoundPort {
    this.#foreign = undefined
    try {
      return findPort(this.path, this.#known, this.#folders)
    } catch (error) {
      const reason = error instanceof DriverError ? error : openError(this.path, error as Error)
      if (reason.code === 'PORT_FOREIGN') this.#foreign = reason
      throw reason
    }
  }

  /**
   * A hang-up of an idle port does not always reach the native port (reads then give 0 bytes without end); a drain of a
   * port that was hung up fails on every platform.
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

/** Whether the descriptor that was opened is the device that was found: between the two another may have come. */
function isOpenOn(native: NativePort, { mark }: FoundPort): boolean {
  const fd = (native.port as { readonly fd?: number | null } | undefined)?.fd
  // Identities are known on Linux alone.
  return (
    process.platform !== 'linux' || (typeof fd === 'number' && deviceMark(fstatSync(fd, { bigint: true })) === mark)
  )
}

/** Resolves once the native port is closed, however that ends. */
function shut(native: NativePort): Promise<void> {
  if (!native.isOpen && !native.closing) return Promise.resolve()
  return new Promise<void>(resolve => {
    native.once('close', () => resolve())
    native.once('error', () => resolve())
    if (!native.closing) native.close(() => resolve())
  })
}

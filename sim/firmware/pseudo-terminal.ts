import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import type { ReadStream } from 'node:tty'
import { nodePty } from '../../peers/commonjs.js'
import { requirePeers } from '../../peers/peers.js'

/** No pseudo-terminal can be opened on this machine. */
export class PseudoTerminalError extends Error {
  readonly code = 'NO_PSEUDO_TERMINAL'
  readonly exit = 2
}

export interface PseudoTerminal {
  /** Path for a serial client. */
  readonly path: string
  /** Sets the listener for the bytes that clients write. There is one listener. */
  onBytes(listener: (bytes: Uint8Array) => void): void
  write(bytes: Uint8Array): void
  /** Stops reading, like a device that hangs. The clients' bytes then stay in the line's buffer. */
  pause(): void
  resume(): void
  /** Hangs up. A client that has the path open sees its port disappear. */
  close(): Promise<void>
}

/** Result of node-pty's `open`: both ends, and the path of the clients' end. */
interface OpenedPair {
  readonly master: ReadStream
  readonly slave: ReadStream
  readonly ptsName: string
}

function openPair(): OpenedPair {
  requirePeers('pseudo-terminal', '@lydell/node-pty')
  const open = (nodePty() as unknown as { open?: (options: { encoding: null }) => OpenedPair }).open
  if (open === undefined) {
    throw new PseudoTerminalError(
      `pseudo-terminal: ${process.platform} has none that a serial port can open; use Linux or macOS`,
    )
  }
  return open({ encoding: null })
}

/**
 * Opens a raw pseudo-terminal. This process keeps the clients' end open too, without reading it. So clients come and go
 * without a hang-up, and the line's settings are kept. It works in worker threads. Throws PseudoTerminalError.
 */
export function openPseudoTerminal(): PseudoTerminal {
  const { master, slave, ptsName: path } = openPair()
  const held = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  slave.destroy()
  try {
    execFileSync('stty', [process.platform === 'darwin' ? '-f' : '-F', path, 'raw', '-echo'], { stdio: 'ignore' })
  } catch {
    master.destroy()
    closeSync(held)
    throw new PseudoTerminalError(
      `pseudo-terminal: "stty raw" failed on ${path}; it belongs to coreutils, is it installed?`,
    )
  }
  let listener: ((bytes: Uint8Array) => void) | undefined
  master.on('data', (bytes: Buffer) => listener?.(bytes))
  master.on('error', () => master.destroy())
  const gone = new Promise<void>(resolve => master.once('close', () => resolve()))
  let closed = false
  return {
    path,
    onBytes(next) {
      listener = next
    },
    write(bytes) {
      if (!closed) master.write(bytes)
    },
    pause() {
      master.pause()
    },
    resume() {
      master.resume()
    },
    close() {
      if (!closed) {
        closed = true
        master.destroy()
        closeSync(held)
      }
      return gone
    },
  }
}

import { lstatSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { isStaleLink } from '../../drivers/port-identity.js'
import type { Disposable } from '../../middleware/bus.js'
import { UsageError } from '../output/output.js'

/** Paths of pseudo-terminals on Linux and on macOS. */
const PSEUDO_TERMINAL = /^\/dev\/(?:pts\/\d+|ttys\d+)$/

/**
 * Makes a symbolic link at `path` to a cell's pseudo-terminal, whose number changes with each start. It replaces a link
 * that a cell left behind when it was killed: one to a pseudo-terminal that is gone, or whose number another program
 * was given since. It throws UsageError for anything else at `path`. Disposing removes the link if it still leads to
 * `port`.
 */
export function linkPort(port: string, path: string): Disposable {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (there && !there.isSymbolicLink())
    throw new UsageError(`gripper_link ${path}: is there and no link: name another path`)
  if (there) {
    const target = readlinkSync(path)
    if (target !== port) {
      if (!PSEUDO_TERMINAL.test(target))
        throw new UsageError(`gripper_link ${path}: leads to ${target}, which is no pseudo-terminal: name another path`)
      const device = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (device && !isStaleLink(there.ctimeNs, device.ctimeNs)) {
        throw new UsageError(
          `gripper_link ${path}: leads to ${target}, which is in use: name another path, or remove the link ` +
            'if no other cell has it',
        )
      }
    }
    rmSync(path)
  }
  symlinkSync(port, path)
  return {
    dispose: () => {
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === port) rmSync(path)
    },
  }
}

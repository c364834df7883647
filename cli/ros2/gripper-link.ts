import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import type { Disposable } from '../../middleware/bus.js'
import { UsageError } from '../output.js'

/**
 * A name that stays for a pseudo-terminal whose number does not. It replaces a link that leads nowhere any more, and nothing else; disposed of, it goes
 * if it still leads to this port.
 */
export function linkPort(port: string, path: string): Disposable {
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there && !there.isSymbolicLink()) throw new UsageError(`gripper_link ${path}: is there and no link: name another path`)
  if (there) {
    const target = readlinkSync(path)
    if (target !== port && existsSync(path)) throw new UsageError(`gripper_link ${path}: leads to ${target}, which is in use: name another path, or remove the link if no other cell has it`)
    rmSync(path)
  }
  symlinkSync(port, path)
  return {
    dispose: () => {
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === port) rmSync(path)
    },
  }
}

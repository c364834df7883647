import { installCommand, requirePeers } from '../../peers/peers.js'
import { GzError } from './gz-error.js'
import { messageOf } from '../message-of.js'

export type ZeroMq = typeof import('zeromq')

/**
 * Loads zeromq when a transport is opened, and not before: it is a native addon and an optional package. Throws GzError
 * GZ_ZEROMQ, or MissingPackageError.
 */
export async function zeroMq(): Promise<ZeroMq> {
  requirePeers("Gazebo's topics", 'zeromq', 'protobufjs')
  try {
    return await import('zeromq')
  } catch (error) {
    const [why] = messageOf(error).split('\n')
    const here = `${process.platform} ${process.arch}`
    const remedy = `run \`${installCommand(['zeromq'])}\``
    throw new GzError(
      'GZ_ZEROMQ',
      `the package zeromq, which Gazebo's topics need, cannot be loaded on ${here}: ${why}; ${remedy}`,
    )
  }
}

import { GzError, messageOf } from './gz-error.js'

export type ZeroMq = typeof import('zeromq')

/**
 * Loaded by whoever opens a transport, and by nobody else: it is an addon, and an optional package. Throws GzError
 * GZ_ZEROMQ.
 */
export async function zeroMq(): Promise<ZeroMq> {
  try {
    return await import('zeromq')
  } catch (error) {
    const [why] = messageOf(error).split('\n')
    const here = `${process.platform} ${process.arch}`
    const remedy = 'run npm ci without --omit=optional'
    throw new GzError(
      'GZ_ZEROMQ',
      `the package zeromq, which Gazebo's topics need, cannot be loaded on ${here}: ${why}; ${remedy}`,
    )
  }
}

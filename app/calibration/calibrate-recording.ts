import { STANDARD_GRAVITY, type Mount } from '../../fusion/compensation/compensation.js'
import type { Aligner } from '../../fusion/aligner.js'
import { openBag, type Bag } from '../../middleware/bag/bag.js'
import { replayBag } from '../replay/replay-bag.js'
import { Ending, Interrupted } from '../output/ending.js'
import { LineFile } from '../output/line-file.js'
import { UsageError } from '../output/output.js'
import { requireFree } from '../output/outputs.js'
import { calibrationStreams, type CalibrationRobotOptions, type CalibrationStreams } from './calibration-robot.js'
import { doubtsAbout } from './doubts.js'
import { identifyPayload, LEAST_POSES, type Payload } from './identify-payload.js'
import { describeDirections, spreadOf } from './pose-spread.js'
import { RestingPoses, type Rest } from './resting-poses.js'
import { snippetOf } from './snippet.js'

export interface CalibrationOptions extends CalibrationRobotOptions {
  /** Whether it is found how the sensor is turned in the tool's frame. Default: as the robot file says. */
  readonly findMount?: boolean | undefined
  /** s that a rest lasts at least. */
  readonly rest: number
  /** Where the YAML is written. */
  readonly out?: string | undefined
  readonly overwrite?: boolean | undefined
}

/** Above this condition number of the design matrix the orientations are too much alike. */
const CONDITION = 30

export type CalibrationResult = Awaited<ReturnType<typeof calibrateRecording>>['result']

/**
 * Finds the payload of a wrist sensor from a recording of a tool that rests in several orientations. `doubts`: why the
 * result may be wrong, a line each. Throws UsageError or RobotError where something does not fit, Interrupted where the
 * process is asked to end; nothing is written then.
 */
export async function calibrateRecording(path: string, options: CalibrationOptions) {
  requireFree({ files: [options.out], reads: [path] }, options)
  const bag = await openBag(path)
  const { signal } = new Ending()
  try {
    const streams = calibrationStreams(bag, options)
    const resting = await restsOf(bag, streams, options, signal)
    if (signal.aborted) throw new Interrupted(`${path}: the calibration was interrupted; nothing was written`)
    const { wrench, orientation } = streams
    const { compensate } = wrench
    const gravity = compensate?.gravity ?? STANDARD_GRAVITY
    const given: Mount = compensate?.mount ?? { xyz: [0, 0, 0], rpy: [0, 0, 0] }
    const poses = resting.found
    requirePoses(path, resting)
    const identified = (isFound: boolean): Payload =>
      identifyPayload(poses, { gravity, rpy: isFound ? undefined : given.rpy })
    const payload = identified(options.findMount ?? false)
    if (!(payload.condition <= CONDITION)) throw alike(path, poses, payload, gravity)
    const doubts = doubtsAbout({
      path,
      poses,
      payload,
      gravity,
      contact: streams.contact,
      ...(!options.findMount && { free: identified(true) }),
    })
    const mount = { xyz: given.xyz, rpy: payload.rpy.value }
    const snippet = snippetOf({ orientation: orientation.name, payload, mount, gravity, maxAge: compensate?.maxAge })
    if (options.out !== undefined) await write(options.out, snippet, options)
    return {
      result: {
        recording: path,
        wrench: { stream: wrench.name, topic: wrench.topic },
        orientation: { stream: orientation.name, topic: orientation.topic },
        poses: poses.map(({ from, until }, i) => ({
          fromS: from / 1e9,
          untilS: until / 1e9,
          residualForce: payload.residuals[i]?.force ?? NaN,
          residualTorque: payload.residuals[i]?.torque ?? NaN,
        })),
        leftOut: { ...resting.leftOut },
        mass: payload.mass,
        centre: payload.centre,
        forceBias: payload.forceBias,
        torqueBias: payload.torqueBias,
        mount: { xyz: mount.xyz, rpy: payload.rpy, found: options.findMount ?? false },
        deviation: payload.deviation,
        condition: payload.condition,
        compensate: snippet,
        out: options.out ?? null,
        doubts,
        damage: bag.damage ?? null,
      },
      doubts: bag.damage === undefined ? doubts : [...doubts, `${bag.damage}: read up to there`],
    }
  } finally {
    await bag.close()
  }
}

async function restsOf(
  bag: Bag,
  { robot, wrench, orientation }: CalibrationStreams,
  { rest }: CalibrationOptions,
  signal: AbortSignal,
): Promise<RestingPoses> {
  const resting = new RestingPoses({ least: Math.round(rest * 1e9) })
  const vectors = (aligner: Aligner, name: string, until: number) =>
    aligner.samples(aligner.index(name), until - (robot.tick as { period: number }).period, until)
  await replayBag({
    bag,
    robot,
    rate: 'max',
    signal,
    onAligned: ({ stamp }, aligner) =>
      resting.add(stamp, vectors(aligner, orientation.name, stamp), vectors(aligner, wrench.name, stamp)),
    onObservation: () => undefined,
  })
  resting.end()
  return resting
}

function requirePoses(path: string, { found, leftOut }: RestingPoses): void {
  if (found.length >= LEAST_POSES) return
  throw new UsageError(
    `${path}: the tool rests in ${found.length} poses (${leftOut.short} more are too short, in ${leftOut.unsteady} the ` +
      `wrench is not steady), and at least ${LEAST_POSES} are needed: stop the tool for 2 s in each of 6 orientations or ` +
      'more, untouched, or say a shorter --rest',
  )
}

/** The orientations do not determine the parameters. */
function alike(
  path: string,
  poses: readonly Rest[],
  { condition }: Payload,
  gravity: readonly [number, number, number],
): UsageError {
  const told = Number.isFinite(condition)
    ? `condition number ${condition.toFixed(0)}, at most ${CONDITION}`
    : 'singular'
  return new UsageError(
    `${path}: the ${poses.length} resting poses have too few different orientations (${told}): ` +
      `${describeDirections(spreadOf(poses, gravity))}; also record the tool tilted by 30 degrees or more about two ` +
      'axes that are not vertical. Turning it about the vertical alone changes nothing for the sensor',
  )
}

async function write(path: string, text: string, options: { readonly overwrite?: boolean | undefined }): Promise<void> {
  const file = new LineFile(path, { overwrite: options.overwrite })
  try {
    await file.write(text.trimEnd())
    await file.close()
  } catch (error) {
    await file.discard()
    throw error
  }
}

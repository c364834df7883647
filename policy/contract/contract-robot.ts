import { describeDifference } from '../../robots/canonical.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { isImageType, valueNames } from '../../fusion/stream-types/registry.js'
import { elements, type Contract, type InputKind, type InputSpec } from './contract.js'

/** Streams that each kind is made from, in the order of `from`: what they must be, in words, and the test. */
interface Demand {
  readonly words: string
  readonly fits: (stream: Stream) => boolean
}

const isImage = (stream: Stream, modality: 'rgb' | 'depth'): boolean =>
  isImageType(stream.type) && stream.modality === modality
const RGB: Demand = { words: 'an rgb image', fits: stream => isImage(stream, 'rgb') }
const DEPTH: Demand = { words: 'a depth image', fits: stream => isImage(stream, 'depth') }
const WINDOW: Demand = { words: 'a stream aligned by window', fits: stream => stream.align.strategy === 'window' }
const EVENTS: Demand = { words: 'a stream aligned by events', fits: stream => stream.align.strategy === 'events' }
const VECTOR: Demand = { words: 'a pose or joint values', fits: stream => stream.modality === 'proprioception' }
const ANY: Demand = { words: 'a stream', fits: () => true }

const DEMANDS: Readonly<Record<InputKind, (index: number) => Demand>> = {
  image: () => RGB,
  depth: () => DEPTH,
  rgbd: index => (index === 0 ? RGB : DEPTH),
  vector: () => VECTOR,
  window: () => WINDOW,
  pyramid: () => WINDOW,
  tokens: () => EVENTS,
  ages: () => EVENTS,
  mask: () => ANY,
}

/** Values in a vector stream: 7 of a pose, the selected ones of joints; undefined where only the messages tell. */
export function vectorWidth(stream: Stream): number | undefined {
  return valueNames(stream)?.length
}

/**
 * Everything in which a policy does not fit a robot file, one line each; empty where it does. A policy made under
 * another translation (sha256) does not fit, even where its inputs could be made.
 */
export function checkAgainstRobot(contract: Contract, robot: Robot): string[] {
  const streams = new Map(robot.streams.map(stream => [stream.name, stream]))
  const differences = Object.entries(contract.inputs).flatMap(([name, input]) => inputDifferences(name, input, streams))
  if (contract.robot.sha256 !== robot.sha256) differences.push(translationDifference(contract, robot))
  return differences
}

function inputDifferences(name: string, input: InputSpec, streams: ReadonlyMap<string, Stream>): string[] {
  const found: Stream[] = []
  const differences = input.from.flatMap((from, index) => {
    const stream = streams.get(from)
    if (stream === undefined)
      return [`input ${name}: the robot file has no stream ${from} (it has ${[...streams.keys()].join(', ')})`]
    found.push(stream)
    const demand = DEMANDS[input.as](index)
    if (demand.fits(stream)) return []
    return [
      `input ${name}: ${input.as} needs ${demand.words}, and stream ${from} is ${stream.type} ` +
        `(${stream.modality}, ${stream.align.strategy})`,
    ]
  })
  if (differences.length > 0) return differences
  const difference = sizeDifference(input, found)
  return difference === undefined ? [] : [`input ${name}: ${difference}`]
}

function sizeDifference(input: InputSpec, streams: readonly Stream[]): string | undefined {
  const { align } = streams[0]!
  const length = elements(input.shape)
  if (input.as === 'pyramid' && align.strategy === 'window' && align.pyramid.length * 24 !== length) {
    return `the contract has ${length / 24} windows, the robot file ${align.pyramid.length}`
  }
  if ((input.as === 'ages' || input.as === 'tokens') && align.strategy === 'events') {
    const events = input.as === 'tokens' ? length / input.per_event : length
    return events > align.count ? `the contract wants ${events} events, the robot file keeps ${align.count}` : undefined
  }
  if (input.as === 'vector') {
    const widths = streams.map(vectorWidth)
    const known = widths.reduce<number>((sum, width) => sum + (width ?? 0), 0)
    const unknown = widths.filter(width => width === undefined).length
    if (unknown > 1) return 'more than one of its streams has no fixed width; name their values with select'
    if (unknown === 1 ? known >= length : known !== length)
      return `the contract has ${length} values, the robot file's streams ${known}${unknown === 1 ? ' and more' : ''}`
  }
  return undefined
}

function translationDifference(contract: Contract, robot: Robot): string {
  const hashes =
    `sha256 ${contract.robot.sha256.slice(0, 12)} in the model, ${robot.sha256.slice(0, 12)} in robot ` +
    `file ${robot.name}`
  let details: string
  try {
    details = describeDifference(contract.robot.canonical, robot.canonical, ['the model', `robot file ${robot.name}`])
  } catch {
    details = 'the model does not carry the text of its translation'
  }
  return `made under another translation: ${details === '' ? hashes : details}`
}

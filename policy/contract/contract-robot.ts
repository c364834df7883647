import { describeDifference } from '../../robots/canonical.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { STATISTICS } from '../../fusion/window-statistics.js'
import { strategyOf } from '../../fusion/align/strategies.js'
import { isImageType, valueNames } from '../../fusion/stream-types/stream-types.js'
import type { Contract } from './contract.js'
import { checkGroups } from './contract-groups.js'
import { isEncoder, type GraphContract } from './encoder-contract.js'
import { isHead, tickPeriod } from './head-spec.js'
import { headStreams } from './head-streams.js'
import { historyLength, MOST_TICKS, ticksNeeded } from './history.js'
import { historyOf, valueShape, type InputKind, type InputSpec } from './input-spec.js'
import { elements } from './shape.js'

/**
 * What a stream must be for an input of a kind, in words and as a test. An input of several streams has one demand for
 * each, in the order of `from`.
 */
interface Demand {
  readonly words: string
  readonly fits: (stream: Stream) => boolean
}

const isImage = (stream: Stream, modality: 'rgb' | 'depth'): boolean =>
  isImageType(stream.type) && stream.modality === modality
const RGB: Demand = { words: 'an rgb image', fits: stream => isImage(stream, 'rgb') }
const DEPTH: Demand = { words: 'a depth image', fits: stream => isImage(stream, 'depth') }
const WINDOW: Demand = {
  words: 'a stream aligned by window',
  fits: ({ align }) => strategyOf(align).gives === 'window',
}
const EVENTS: Demand = {
  words: 'a stream aligned by events',
  fits: ({ align }) => strategyOf(align).gives === 'events',
}
const VECTOR: Demand = {
  words: 'a pose or joint values',
  fits: stream => stream.modality === 'proprioception' && strategyOf(stream.align).gives === undefined,
}
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
  padding: () => ANY,
  noise: () => ANY,
  state: () => ANY,
  feature: () => ANY,
}

/**
 * Number of values in a vector stream: 7 for a pose, the selected ones for joints, and of a series that many for each of
 * its values. Undefined where only the messages tell it.
 */
export function vectorWidth(stream: Stream): number | undefined {
  const { align } = stream
  const width = valueNames(stream)?.length
  return width && width * (strategyOf(align).rows?.(align) ?? 1)
}

/**
 * All reasons why a policy does not fit a robot file, one line each. Empty where it fits. A policy that was made under
 * another translation (sha256) does not fit, even where its inputs could be made.
 */
export function checkAgainstRobot(contract: GraphContract, robot: Robot): string[] {
  const streams = new Map(robot.streams.map(stream => [stream.name, stream]))
  const head = !isEncoder(contract) && isHead(contract) ? contract : undefined
  const tick = head ? { period: tickPeriod(head) } : robot.tick
  const differences = Object.entries(contract.inputs).flatMap(([name, input]) => [
    ...inputDifferences(name, input, streams),
    ...historyDifferences(name, input, tick),
  ])
  if (head) differences.push(...headDifferences(head, robot))
  if (!isEncoder(contract)) differences.push(...checkGroups(contract.outputs.action_chunk, robot))
  if (contract.robot.sha256 !== robot.sha256) differences.push(translationDifference(contract, robot))
  return differences
}

/** A head observes no pictures: so that its ticks do not copy any, whatever their rate. */
function headDifferences(head: Contract, robot: Robot): string[] {
  const observed = headStreams(head, robot)
  if (observed.length === 0) return ['the head observes no stream, so there are no ticks for it: give it an input']
  const pictures = robot.streams.filter(({ name, type }) => observed.includes(name) && isImageType(type))
  return pictures.map(({ name }) => `the head observes stream ${name}, which is pictures: leave it to the encoder`)
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

function historyDifferences(name: string, input: InputSpec, tick: Robot['tick']): string[] {
  const history = historyOf(input)
  if (history === undefined || !('period' in tick)) return []
  const needed = ticksNeeded(history, tick.period)
  if (needed <= MOST_TICKS) return []
  return [
    `input ${name}: a history of ${historyLength(history)} values needs ${needed} ticks of the robot file, and ` +
      `${MOST_TICKS} are kept: shorten it`,
  ]
}

function sizeDifference(input: InputSpec, streams: readonly Stream[]): string | undefined {
  const [first] = streams
  if (first === undefined) return undefined
  const { align } = first
  const shape = valueShape(input)
  const length = elements(shape)
  const declared = strategyOf(align)
  if (input.as === 'pyramid') {
    const windows = declared.windows?.(align) ?? 0
    const its = shape[2]! / STATISTICS
    if (windows !== its) return `the contract has ${its} windows, the robot file ${windows}`
  }
  if (input.as === 'window' || input.as === 'pyramid') {
    const [width, its] = [vectorWidth(first), shape[1]!]
    if (width !== undefined && width !== its) return `the contract has ${its} values, stream ${input.from[0]} ${width}`
  }
  if (input.as === 'ages' || input.as === 'tokens') {
    const events = input.as === 'tokens' ? length / input.per_event : length
    const kept = declared.events?.(align) ?? 1
    return events > kept ? `the contract wants ${events} events, the robot file keeps ${kept}` : undefined
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

function translationDifference(contract: GraphContract, robot: Robot): string {
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

import { OnnxPolicy } from '../policy/runtime/onnx-policy.js'
import { occurred } from '../fusion/counters.js'
import type { Policy } from '../policy/policy.js'
import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import type { FusionNode } from '../nodes/fusion-node.js'
import { Histogram } from '../app/measure/histogram.js'
import { DISK_LIMIT } from '../app/session/closing.js'
import { LiveDigest } from '../app/session/live-digest.js'
import { fusionPart } from '../app/session/parts/fusion-part.js'
import { Session } from '../app/session/session.js'
import { shippedModel } from '../app/policies/models.js'
import { spread } from '../app/measure/percentiles.js'
import { freePath } from './free-path.js'
import { FRAME_PREFIX, nodeKind } from './node-kind.js'
import { NodeRecording } from './node-recording.js'
import { ObservationPublisher } from './observation-publisher.js'
import { PolicyStatusPublisher } from './policy-status.js'
import { SilenceLog } from './silence-log.js'
import { StreamRates } from './stream-rates.js'

const NO_POLICY = 'none'
/** ms: short beside the window of a picture, and half of what the executor would cost. */
const BATCH = 2

export const fusion = nodeKind({
  bus: parameters => ({ batch: BATCH, reliable: parameters.get('reliable') }),
  parameters: {
    policy: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: 'ONNX model; empty: the one that comes with prehend; "none": aligns only',
    }),
    record: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description:
        'rosbag2 recording (MCAP) to write of what this node received, and when; where the name is taken ' +
        'the next of run_1.mcap, run_2.mcap, …; empty: none',
    }),
    reliable: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description:
        'asks for every message of the sensors, in queues ten times as long, instead of the best effort: ' +
        'for a recording that is played, whose player then goes no faster than this node',
    }),
    publish_pictures: parameter({
      type: 'boolean',
      default: false,
      description: 'the pictures at the tick go out with ~/observation: 46 MB a second at 640x480 and 30 Hz',
    }),
    ...FRAME_PREFIX,
  },
  async make({ ros, bus, robot, parameters, log, ending }) {
    const name = parameters.get('policy')
    const policy: Policy | undefined =
      name === NO_POLICY
        ? undefined
        : await OnnxPolicy.load(name === '' ? shippedModel() : name, robot, { signal: ending })
    const record = parameters.get('record')
    const path = record === '' ? '' : freePath(record)
    const digest = path === '' ? undefined : new LiveDigest()
    const recording =
      path === ''
        ? undefined
        : new NodeRecording(
            path,
            { metadata: { robot: robot.canonical, sha256: robot.sha256 }, epochSec: () => bus.clock.epochSec },
            log,
          )
    const lags: number[] = []
    const allLags = new Histogram()
    const decodeMs: number[] = []
    let activeAt = NaN
    const observations = new ObservationPublisher(ros.node, bus, robot)
    const status = policy && new PolicyStatusPublisher(ros.node, bus, policy.name)
    observations.pictures = parameters.get('publish_pictures')
    parameters.onChange = () => {
      observations.pictures = parameters.get('publish_pictures')
    }
    let fail = (): void => undefined
    const failed = new Promise<void>(resolve => {
      fail = resolve
    })
    const session = Session.assemble(
      { robot, bus, framePrefix: parameters.get('frame_prefix'), onError: error => log.error(String(error)) },
      {
        fusion: fusionPart({
          policy,
          onPolicyEnded: fail,
          onNotice: text => log.warn(text),
          onObservation: observation => {
            const lag = (observation.emitted - observation.stamp) / 1e6
            lags.push(lag)
            allLags.add(lag)
            digest?.add(observation)
            observations.publish(observation)
          },
          // What it heard, and nothing else, is what is replayed.
          ...(recording && {
            onHeard: (topic, type, message, receive) => recording.write(topic, type, message, receive),
          }),
          onDecoded: ms => decodeMs.push(ms),
          onChunk: chunk => status?.publish(chunk, node.skipped),
        }),
      },
    )
    const node: FusionNode = session.nodes.fusion
    node.onTransition = (_transition, _from, to) => {
      if (to === 'active' && Number.isNaN(activeAt)) activeAt = process.uptime()
    }
    const rates = new StreamRates(robot, node.aligner, { bus, log })
    const silence = new SilenceLog(log, {
      never: 'no observation has been made yet',
      ended: 'no observations are made any more',
      back: 'observations are made',
    })
    return {
      node,
      failed,
      status: (): Status[] => {
        const { counters } = node.aligner
        const observing = lags.length > 0
        const lag = spread(lags.splice(0))
        const inference = spread(node.inferenceMs.splice(0))
        const decoding = decodeMs.length === 0 ? undefined : spread(decodeMs.splice(0))
        if (node.state === 'active') silence.look(!observing)
        return [
          {
            name: 'alignment',
            level: node.state !== 'active' || observing ? 'ok' : 'warn',
            message:
              node.state === 'active' ? (observing ? 'observing' : 'no observation in the last second') : node.state,
            values: {
              observations: counters.observations,
              incomplete: counters.incomplete,
              held: counters.held,
              jumps: counters.jumps + bus.clock.jumps,
              lag_ms_p50: lag.p50,
              lag_ms_p99: lag.p99,
              policy: policy?.name ?? NO_POLICY,
              inference_ms_p50: inference.p50,
              inference_ms_p99: inference.p99,
              policy_skipped: node.skipped,
              ...(decoding && { decode_ms_p50: decoding.p50, decode_ms_p99: decoding.p99 }),
              ...occurred(counters.dropped),
            },
          },
          ...rates.look(node.state === 'active'),
          ...(recording ? [recording.status] : []),
        ]
      },
      result: async () => {
        const { observations, incomplete, streams } = node.aligner.counters
        const { user, system } = process.cpuUsage()
        return {
          observations,
          incomplete,
          observationsSha256: (await digest?.sum()) ?? null,
          streams: Object.fromEntries([...streams].map(([name, { accepted }]) => [name, accepted])),
          lagMs: allLags.spread,
          cpuS: (user + system) / 1e6,
          startS: activeAt,
        }
      },
      closings: [
        { name: 'observations', close: () => observations.dispose() },
        { name: 'policy status', close: () => status?.dispose() },
        {
          name: 'recording',
          close: async () => {
            process.exitCode = (await recording?.close(!Number.isNaN(activeAt))) ?? process.exitCode
          },
          progress: () => recording?.written ?? 0,
          limit: DISK_LIMIT,
        },
        { name: 'policy', close: () => policy?.close() },
      ],
    }
  },
})

import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import type { FusionNode } from '../nodes/fusion-node.js'
import { Histogram } from '../app/measure/histogram.js'
import { DISK_LIMIT } from '../app/session/closing.js'
import { LiveDigest } from '../app/session/live-digest.js'
import { fusionPart } from '../app/session/parts/fusion-part.js'
import { Session } from '../app/session/session.js'
import { loadModel } from '../app/policies/load-model.js'
import { spread } from '../app/measure/percentiles.js'
import { deferred } from './deferred.js'
import { freePath } from './free-path.js'
import { FRAME_PREFIX, nodeKind } from './node-kind.js'
import { NodeRecording } from './node-recording.js'
import { ObservationPublisher } from './observation-publisher.js'
import { PolicyStatusPublisher } from './policy-status.js'
import { SilenceLog } from './silence-log.js'
import { StreamRates } from './stream-rates.js'

const NO_POLICY = 'none'
/** ms for which the bus collects messages. Short against the period of pictures; it halves the cost of the executor. */
const BATCH = 2

export const fusion = nodeKind({
  bus: parameters => ({ batch: BATCH, reliable: parameters.get('reliable') }),
  parameters: {
    policy: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: 'ONNX model; empty: the one that comes with prehend; "none": the node aligns only',
    }),
    encoder: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: 'for a policy that is a head: the ONNX model whose features feed it; empty: none',
    }),
    record: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description:
        'path of a rosbag2 recording (MCAP) of the messages that this node receives, with their receive ' +
        'times. Where the path is in use, run_1.mcap, run_2.mcap … is written. Empty: no recording',
    }),
    reliable: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description:
        'whether the subscriptions to the sensors are reliable, with queues ten times as long, instead of ' +
        'best effort. For a recording that is played: the player then goes no faster than this node',
    }),
    publish_pictures: parameter({
      type: 'boolean',
      default: false,
      description: 'whether ~/observation has the pictures at the tick: 46 MB a second at 640x480 and 30 Hz',
    }),
    ...FRAME_PREFIX,
  },
  async make({ ros, bus, robot, parameters, log, ending }) {
    const name = parameters.get('policy')
    const files = { policy: name || undefined, encoder: parameters.get('encoder') || undefined }
    const policy = name === NO_POLICY ? undefined : await loadModel(files, robot, ending)
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
    const policyEnded = deferred<void>()
    const session = Session.assemble(
      { robot, bus, framePrefix: parameters.get('frame_prefix'), onError: error => log.error(String(error)) },
      {
        fusion: fusionPart({
          policy,
          onPolicyEnded: () => policyEnded.resolve(),
          onNotice: text => log.warn(text),
          onObservation: observation => {
            const lag = (observation.emitted - observation.stamp) / 1e6
            lags.push(lag)
            allLags.add(lag)
            digest?.add(observation)
            observations.publish(observation)
          },
          // The recording has the messages that the observations are made from, so that a replay gives the same ones.
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
    const rates = new StreamRates(robot, node, { bus, log })
    const silence = new SilenceLog(log, {
      never: 'no observation has been made yet',
      ended: 'no observations are made any more',
      back: 'observations are made',
    })
    return {
      node,
      failed: policyEnded.promise,
      status: (): Status[] => {
        const { counters } = node.aligner
        const observing = lags.length > 0
        const lag = spread(lags.splice(0))
        const inference = spread(node.inferenceMs.splice(0))
        const decoding = decodeMs.length === 0 ? undefined : spread(decodeMs.splice(0))
        if (node.state === 'active') silence.update(!observing)
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
              ...node.dropped(),
            },
          },
          ...rates.statuses(),
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

import { setTimeout as pause } from 'node:timers/promises'
import { monotonicNs } from '../../drivers/byte-stream.js'
import type { Commander } from '../../control/state/commanders.js'
import type { Bus } from '../../middleware/bus.js'
import { messageOf } from '../../middleware/message-of.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { ControlOptions } from '../../nodes/control-options.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import type { Recorder } from '../../nodes/recorder.js'
import { TELEOP_PERIOD, TeleopNode } from '../../nodes/teleop-node.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import type { Policy } from '../../policy/policy.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import type { Robot } from '../../robots/robot.js'
import { wholeName } from '../../robots/topic-name.js'
import { recordCell } from '../session/cell-recording.js'
import { closeInOrder } from '../session/closing.js'
import { requireGoingOn } from '../session/control-elsewhere.js'
import type { EpisodeResult } from '../session/episodes.js'
import { controlPart } from '../session/parts/control-part.js'
import { fusionPart } from '../session/parts/fusion-part.js'
import { voicePart } from '../session/parts/voice-part.js'
import { grippersOf, otherGrippers, ownGripper } from '../session/robot-gripper.js'
import { latencyNotices, servoBusesOf, servosOf, type OwnServoBus } from '../session/robot-servo-buses.js'
import { Session } from '../session/session.js'
import { toolKinematics } from '../session/tool-kinematics.js'
import { controlElsewhere, ownControl, type ControlLink } from './control-link.js'
import { Follower } from './follower.js'
import type { Ground, GroundOptions } from './ground.js'
import { OPERATIONS, type Operation } from './operations.js'
import { PersonEpisodes } from './person-episodes.js'
import type { InputKind, InputOptions, PersonInput } from './person-input.js'

export interface TeleopLoopOptions extends GroundOptions {
  readonly ground: (options: GroundOptions) => Promise<Ground>
  readonly kind: InputKind
  readonly inputs: InputOptions
  readonly policy?: string | undefined
  readonly record?: string | undefined
  readonly overwrite?: boolean | undefined
  /** Said as each episode begins. */
  readonly say?: string | undefined
  readonly onPolicyEnded: () => void
  readonly onRecordingLost: () => void
}

/** ns from a chunk's stamp to its only row, as a rate. */
const RATE = 1e9 / TELEOP_PERIOD

const STOPPED = 'stopped: "resume" goes on'
/** A control node without the service `~/stop` does not say why it holds. */
const HOLDS = 'it holds; whether it has heard "stop" is not known'
/** What is told once one has the arm. */
const HAS_ARM = { person: 'the person has the arm', policy: 'the policy has the arm' } as const
/** ms after which a person is told that a control node elsewhere has not done what they asked for. */
const ANSWER = 300

const NO_BUSES: ReadonlyMap<string, OwnServoBus> = new Map()

interface Nodes {
  readonly control: ControlNode | undefined
  readonly voice: VoiceNode
  readonly teleop: TeleopNode
  readonly fusion: FusionNode | undefined
}

/**
 * A robot that a person moves: the control node, of this process or attached to, the person's device as a source of
 * chunks, and a policy by option.
 */
export class TeleopLoop {
  takeovers = 0
  readonly control: ControlLink
  readonly #options: TeleopLoopOptions
  readonly #ground: Ground
  readonly #policy: Policy | undefined
  readonly #input: PersonInput
  readonly #episodes: PersonEpisodes
  readonly #recorder: Recorder | undefined
  readonly #session: Session<Nodes>
  readonly #notices: () => readonly string[]
  /** Whether the person begins anew, from where the robot is. */
  #anew = false
  /** What was asked of a control node elsewhere at last. */
  #asked: Operation | undefined

  static async start(options: TeleopLoopOptions): Promise<TeleopLoop> {
    const { robot, policy, signal, onError } = options
    const follower = new Follower(robot)
    const kinematics = options.attach ? undefined : await toolKinematics(robot)
    const model = policy === undefined ? undefined : await OnnxPolicy.load(policy, robot, { signal })
    let ground: Ground | undefined
    let loop: TeleopLoop | undefined
    try {
      ground = await options.ground(options)
      requireGoingOn(signal)
      loop = new TeleopLoop({ ...options, kinematics }, follower, ground, model)
      await loop.#session.bringUp()
      for (const notice of loop.#notices()) options.onNotice(notice)
      if (!model && !ground.control) loop.operate('take')
      return loop
    } catch (error) {
      if (loop) await loop.close()
      else {
        await model?.close()
        if (ground) await closeInOrder([{ name: 'bus', close: () => ground?.bus.close() }, ...ground.closings], onError)
      }
      throw error
    }
  }

  private constructor(
    options: TeleopLoopOptions & Pick<ControlOptions, 'kinematics'>,
    follower: Follower,
    ground: Ground,
    policy: Policy | undefined,
  ) {
    const { robot, kind, inputs, onNotice, onError } = options
    const operate = (word: Operation): void => onNotice(this.operate(word))
    const { bus } = ground
    this.#options = options
    this.#ground = ground
    this.#policy = policy
    const busTimeOf = (monotonic: number): number => bus.clock.now() - (monotonicNs() - monotonic)
    const { channels } = follower
    this.#input = kind.make({ bus, robot, channels, options: inputs, busTimeOf, operate, onNotice, onError })
    const buses = ground.control ? NO_BUSES : servoBusesOf(robot, { path: ground.ports['arm'] })
    this.#notices = () => latencyNotices(buses)
    const voice = robot.streams.find(({ modality }) => modality === 'voice')
    this.#session = Session.assemble(
      { robot, bus, onError },
      {
        ...(!ground.control && {
          control: controlPart({
            gripper: ownGripper(robot, { path: ground.ports['gripper'], option: '--port' })?.gripper,
            grippers: grippersOf(otherGrippers(robot)),
            servoBuses: servosOf(buses),
            kinematics: options.kinematics,
            commander: policy ? 'policy' : 'person',
            onNotice,
          }),
        }),
        ...(policy && { fusion: fusionPart({ policy, onPolicyEnded: options.onPolicyEnded, onNotice }) }),
        voice: voicePart({
          topic: voice?.topic ?? wholeName('voice/events', robot.namespace),
          ...(voice && { type: voice.type }),
        }),
        teleop: () => this.#teleopNode(bus, robot, follower),
      },
      ground.sensors,
    ) as unknown as Session<Nodes>
    const { control, teleop } = this.#session.nodes
    const asked = (): Commander => (teleop.commands ? 'person' : 'policy')
    this.control = control ? ownControl(control) : controlElsewhere(ground.control!, asked)
    this.#episodes = new PersonEpisodes(bus, robot, options.say ?? '')
    this.#recorder =
      options.record === undefined
        ? undefined
        : recordCell(bus, options.record, {
            ...options,
            policy: policy?.name ?? 'none',
            mode: 'realtime',
            epochSec: ground.epochSec,
          })
  }

  get commander(): Commander {
    return this.control.commander
  }

  /** Whether there is somebody to give the arm back to. */
  get hasPolicy(): boolean {
    return this.#policy !== undefined || this.#ground.control !== undefined
  }

  get results(): readonly EpisodeResult[] {
    return this.#episodes.results
  }

  /** Number of chunks of the person. */
  get chunks(): number {
    return this.#session.nodes.teleop.chunks
  }

  say(text: string): void {
    this.#session.nodes.voice.say(text)
  }

  key(key: string): void {
    this.#input.key?.(key)
  }

  /**
   * Does what a word means. Gives a line that says what was done. What a control node elsewhere is asked for is told by
   * `onNotice`, once it says that it is so.
   */
  operate(word: Operation): string {
    switch (word) {
      case 'take':
        this.takeovers++
        return this.#ask(word, 'person')
      case 'give':
        if (!this.hasPolicy) return 'there is no policy to give the arm to (--policy)'
        return this.#ask(word, 'policy')
      case 'begin':
        return this.#begin()
      case 'won':
      case 'lost':
      case 'end':
        return this.#episodes.finish(word) ? `episode ${this.results.length - 1}: ${word}` : 'no episode has begun'
      case 'stop':
        if (this.#ground.control) {
          void this.#stopElsewhere(word)
          return 'stopping ...'
        }
        this.say('stop')
        void this.#stop()
        return STOPPED
      case 'resume':
        this.#asked = word
        this.say('resume')
        this.control.resume()
        this.#session.nodes.teleop.goOn()
        this.#anew = true
        return this.#ground.control ? 'said "resume"' : 'resumed'
      case 'quit':
        return OPERATIONS.quit.means
    }
  }

  /**
   * Ends the motion first, an episode that runs without a verdict, and then the rest. See `Session.close`. A control node
   * elsewhere goes on: it is stopped where it follows the person, and otherwise follows the policy.
   */
  async close(): Promise<void> {
    if (!this.#session.isClosing) await (this.#ground.control ? this.#leaveElsewhere() : this.#stop())
    this.#ground.control?.dispose()
    this.#episodes.finish('end')
    await this.#session.close({
      recording: this.#recorder,
      policy: this.#policy,
      ground: this.#ground.closings,
    })
  }

  /** Ends the motion. Never rejects: a stop that cannot be sent is reported. */
  async #stop(): Promise<void> {
    try {
      await this.control.stop()
    } catch (error) {
      this.#options.onError(error)
    }
  }

  /** Asks for who is to command. Gives the line that says what was done. */
  #ask(word: Operation, commander: Commander): string {
    const { control } = this.#ground
    this.#session.nodes.teleop.ask(commander)
    if (!control) return HAS_ARM[commander]
    void this.#confirm(word, control.follows(commander), {
      done: HAS_ARM[commander],
      missing: `the ${commander} does not have the arm`,
    })
    return `asking for the arm for the ${commander} ...`
  }

  /** The person's chunks end at once, so that the watchdog of the control node holds the arm whatever it hears. */
  async #stopElsewhere(word: Operation): Promise<void> {
    this.#session.nodes.teleop.pause()
    const stopping = this.control.stop()
    try {
      this.say('stop')
    } catch (error) {
      this.#options.onError(error)
    }
    const done = this.#ground.control?.confirmsStops ? STOPPED : HOLDS
    await this.#confirm(word, stopping, { done, missing: 'it is not sure that the robot has stopped' })
  }

  /** A person who goes ends what they have begun. */
  async #leaveElsewhere(): Promise<void> {
    const { teleop } = this.#session.nodes
    teleop.pause()
    const { followed } = this.#ground.control ?? {}
    if (teleop.commands && (followed === 'person' || followed === undefined))
      await Promise.race([this.#stopElsewhere('quit'), pause(ANSWER)])
  }

  /**
   * Tells `done` once a control node elsewhere has done what `word` asked of it, and `missing` where that is not so in
   * time. Of what is no longer asked for, only a stop that is missing is told. Never rejects.
   */
  async #confirm(
    word: Operation,
    answer: Promise<unknown>,
    { done, missing }: { readonly done: string; readonly missing: string },
  ): Promise<void> {
    this.#asked = word
    const ends = word === 'stop' || word === 'quit'
    const tell = (text: string, { missed = false } = {}): void => {
      if (this.#asked === word || (missed && ends)) this.#options.onNotice(text)
    }
    const late = setTimeout(() => tell(`${missing}: ${this.control.motion}`, { missed: true }), ANSWER)
    try {
      await answer
      tell(done)
    } catch (error) {
      tell(`${missing}: ${messageOf(error)}`, { missed: true })
    } finally {
      clearTimeout(late)
    }
  }

  /** Whether what the person does now moves the robot. */
  get #moves(): boolean {
    return this.control.followed === 'person'
  }

  #begin(): string {
    this.#episodes.begin()
    this.#anew = true
    if (this.#options.say !== undefined) this.say(this.#options.say)
    return `episode ${this.results.length} has begun`
  }

  #teleopNode(bus: Bus, robot: Robot, follower: Follower): TeleopNode {
    const input = this.#input
    const wanted = new Float64Array(follower.channels.length)
    return new TeleopNode({
      bus,
      robot,
      open: async to => {
        follower.subscribe(bus, to)
        await input.open()
      },
      close: () => input.close(),
      wanted: (now, began) => {
        const { measured } = follower
        if (!measured) return undefined
        if (began || this.#anew || !this.#moves) {
          wanted.set(measured)
          input.forget?.()
        }
        this.#anew = false
        return input.update(wanted, now) ? follower.chunk(wanted, now, RATE) : undefined
      },
    })
  }
}

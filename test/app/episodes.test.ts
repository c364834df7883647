import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { Speaker } from '../../control/speech/said.js'
import type { EpisodeSetup, Placement, Truth, Verdict } from '../../sim/simulated-cell.js'
import { Episodes, type EpisodeResult, type EpisodesOptions } from '../../app/session/episodes.js'

const TOPICS = { announcements: '/episode', results: '/episode/result' }
const SECOND = 1_000_000_000
const RUNNING: Verdict = { done: false, success: false, reason: undefined, peakForce: 0, peakStrike: 0 }
const WON: Verdict = { ...RUNNING, done: true, success: true }

/** A cell whose verdicts the test gives. */
class Table {
  onError: ((error: Error) => void) | undefined
  correction: EpisodeSetup['correction']
  judgement = RUNNING
  readonly placed: (Placement & { index: number })[] = []
  /** Called while it is being placed. */
  whilePlacing: (() => void) | undefined
  async reset(index: number, placement: Placement = {}): Promise<EpisodeSetup> {
    this.placed.push({ index, ...placement })
    this.judgement = RUNNING
    await Promise.resolve()
    this.whilePlacing?.()
    return {
      index,
      seed: 1,
      command: 'pick the red box',
      correction: this.correction,
      objects: ['red box'],
      target: 'red box',
      fragile: [],
      timeout: 12 * SECOND,
    }
  }
  readonly targets: number[] = []
  said(): void {
    /* The judge is told what to say. */
  }
  setToolTarget(pose: Float64Array): void {
    this.targets.push(pose[2])
  }
  verdict(): Verdict {
    return this.judgement
  }
  truth(): Truth {
    return { target: 'red box' } as Truth
  }
}

describe("the cell's episodes", () => {
  let clock: SteppedClock
  let bus: LocalBus
  let table: Table
  let heard: string[]
  let say: (text: string, speaker?: Speaker) => void
  let ending: AbortController
  beforeEach(() => {
    clock = new SteppedClock(1)
    bus = new LocalBus(clock, {
      onError: error => {
        throw error
      },
    })
    table = new Table()
    ending = new AbortController()
    heard = []
    const voice = bus.advertise('/voice/events', 'prehend_interfaces/msg/VoiceEvent')
    say = (text, speaker = 'somebody') =>
      voice.publish({ stamp: clock.now(), frameId: '', text, confidence: 1, speaker })
    bus.subscribe('/episode', 'std_msgs/msg/String', ({ data }) =>
      heard.push(`begins ${(JSON.parse(data) as { index: number }).index}`),
    )
    bus.subscribe(TOPICS.results, 'std_msgs/msg/String', ({ data }) =>
      heard.push(`ends ${(JSON.parse(data) as EpisodeResult).reason ?? 'won'}`),
    )
    bus.subscribe('/voice/events', 'prehend_interfaces/msg/VoiceEvent', ({ text, speaker }) =>
      heard.push(speaker === 'somebody' ? text : `${speaker}: ${text}`),
    )
  })
  afterEach(() => bus.close())

  const make = (more: Partial<EpisodesOptions> = {}): Episodes => {
    const episodes = new Episodes({
      bus,
      cell: table,
      robot: readRobot('cell'),
      topics: TOPICS,
      command: undefined,
      say,
      onError: error => {
        throw error
      },
      ...more,
    })
    episodes.listen()
    return episodes
  }
  const pass = async (seconds: number): Promise<void> => {
    for (const end = clock.now() + seconds * SECOND; clock.now() < end; ) {
      clock.advanceTo(clock.now() + 5_000_000)
      await bus.settle(clock.now())
    }
  }

  it('are placed and announced, receive their commands, are judged, and publish their results', async () => {
    table.correction = { text: 'stop', at: SECOND }
    const running = make().run(3, ending.signal)
    await pass(2)
    table.judgement = WON
    await pass(0.1)
    expect(await running).toMatchObject({
      index: 3,
      command: 'pick the red box',
      correction: 'stop',
      target: 'red box',
      success: true,
      reason: undefined,
    })
    expect(heard).toEqual(['begins 3', 'script: pick the red box', 'script: stop', 'ends won'])
  })

  it('begin at once after a stop of their own script', async () => {
    table.correction = { text: 'stop', at: SECOND }
    const episodes = make()
    const first = episodes.run(0, ending.signal)
    await pass(2)
    table.judgement = WON
    await pass(0.1)
    expect(await first).toMatchObject({ success: true })
    void episodes.run(1, ending.signal)
    await pass(0.1)
    expect(heard).toContain('begins 1')
  })

  it(
    "count as stopped by somebody's word, however they end and even if it is taken back, and none " +
      'begins before "resume"',
    async () => {
      let told = 0
      const episodes = make({ onHeld: () => told++ })
      const first = episodes.run(0, ending.signal)
      await pass(1)
      say('stop')
      table.judgement = WON
      await pass(0.1)
      expect(await first).toMatchObject({ success: false, reason: 'stopped' })
      const second = episodes.run(1, ending.signal)
      await pass(30)
      expect([table.placed.length, told]).toEqual([1, 1])
      expect(heard).not.toContain('begins 1')
      say('resume')
      await pass(1)
      expect(heard).toContain('begins 1')
      say('stop')
      say('resume')
      table.judgement = WON
      await pass(0.1)
      expect(await second).toMatchObject({ success: false, reason: 'stopped' })
    },
  )

  it('ignore set-points of the episode before, while they are placed and later', async () => {
    const episodes = make()
    const target = (z: number, stamp = clock.now()): void =>
      episodes.setToolTarget({ stamp, pose: Float64Array.of(0, 0, z, 1, 0, 0, 0) })
    await pass(0.1)
    target(0.1)
    const before = clock.now()
    clock.advanceTo(before + 1)
    table.whilePlacing = () => target(0.2)
    bus.subscribe('/episode', 'std_msgs/msg/String', () => target(0.3))
    const running = episodes.run(0, ending.signal)
    await pass(0.1)
    target(0.35, before)
    expect(table.targets).toEqual([0.1, 0.3])
    // A sender whose clock is behind is accepted again later.
    await pass(0.4)
    target(0.37, before)
    expect(table.targets.splice(2)).toEqual([0.37])
    // A set-point without a stamp counts as made on arrival.
    for (const unstamped of [0, -1_700_000_000 * SECOND]) target(0.36, unstamped)
    expect(table.targets.splice(2)).toEqual([0.36, 0.36])
    table.whilePlacing = () => {
      throw new Error('the physics is gone')
    }
    table.judgement = WON
    await pass(0.1)
    await running
    await expect(episodes.run(1, ending.signal)).rejects.toThrow('the physics is gone')
    target(0.4)
    expect(table.targets).toEqual([0.1, 0.3])
  })

  it('are placed again before they begin, where a stop was said while they were placed', async () => {
    const episodes = make()
    table.whilePlacing = () => {
      table.whilePlacing = undefined
      say('stop')
    }
    void episodes.run(0, ending.signal)
    await pass(5)
    expect(heard).toEqual(['stop'])
    // The arm is at home already. A set-point of the place where it was stopped must not move it.
    episodes.setToolTarget({ stamp: clock.now(), pose: Float64Array.of(0, 0, 0.1, 1, 0, 0, 0) })
    expect(table.targets).toEqual([])
    say('resume')
    await pass(0.1)
    expect(table.placed.length).toBe(2)
    expect(heard).toEqual(['stop', 'resume', 'begins 0', 'script: pick the red box'])
  })

  it('wait for "resume" with one listener, whatever is said meanwhile, and with none afterwards', async () => {
    const episodes = make()
    say('stop')
    void episodes.run(0, ending.signal)
    await pass(1)
    for (let i = 0; i < 20; i++) {
      say('pick the red box')
      await pass(0.1)
    }
    expect(getEventListeners(ending.signal, 'abort').length).toBe(1)
    say('resume')
    await pass(0.1)
    expect(heard).toContain('begins 0')
    expect(getEventListeners(ending.signal, 'abort').length).toBe(0)
  })

  it('end while they wait for "resume"', async () => {
    const episodes = make()
    say('stop')
    const held = episodes.run(0, ending.signal)
    await pass(1)
    ending.abort()
    expect(await held).toBeUndefined()
    expect(table.placed).toEqual([])
  })

  it('do not begin after they were ended, or after no "resume" can come', async () => {
    const episodes = make()
    say('stop')
    const held = episodes.run(0, ending.signal)
    await pass(1)
    episodes.giveUp()
    expect(await held).toBeUndefined()
    expect(await episodes.run(1, ending.signal)).toBeUndefined()
    ending.abort()
    expect(await make().run(2, ending.signal)).toBeUndefined()
    expect(heard).toEqual(['stop'])
  })

  it('end after their time limit, before their judge would end them', async () => {
    const running = make({ atMost: 0.2 * SECOND }).run(0, ending.signal)
    await pass(0.15)
    expect(heard).toEqual(['begins 0', 'script: pick the red box'])
    await pass(0.1)
    expect(heard).toEqual(['begins 0', 'script: pick the red box', 'ends timeout'])
    expect((await running)?.seconds).toBeCloseTo(0.2, 1)
  })

  it('may leave the commands to others: their time begins with the first command', async () => {
    table.correction = { text: 'stop', at: SECOND }
    const running = make({ say: undefined, command: 'pick the red box' }).run(0, ending.signal)
    await pass(60)
    expect(table.placed).toEqual([{ index: 0, say: 'pick the red box', awaitCommand: true }])
    expect(heard).toEqual(['begins 0'])
    say('take the red one')
    await pass(14)
    expect(heard).toEqual(['begins 0', 'take the red one', 'ends timeout'])
    const { command, seconds } = (await running) ?? {}
    expect(command).toBe('take the red one')
    expect(seconds).toBeCloseTo(12, 1)
  })
})

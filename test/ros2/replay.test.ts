import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prehendJson, python } from '../e2e/prehend.js'
import { describeRos } from './environment.js'
import { playedWhole } from './played-whole.js'
import { domain, endWithTests, startNode, startPeer, until, type Talk } from './processes.js'

interface Status {
  readonly name: string
  readonly message: string
  readonly values: readonly { key: string; value: string }[]
}
interface Result {
  readonly observations: number
  readonly observationsSha256: string
  readonly state: string
}

describeRos("the fusion node's recording", () => {
  const env = domain(5)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-replay-'))
  let peer: Talk
  beforeAll(async () => {
    peer = await startPeer(env)
    await peer.ask('listen', { topic: '/diagnostics', type: 'diagnostic_msgs/msg/DiagnosticArray', match: 0 })
  })
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const result = (stdout: string): Result =>
    JSON.parse(
      stdout
        .split('\n')
        .filter(line => line.startsWith('{'))
        .at(-1) ?? '',
    ) as Result
  const replayed = (path: string) =>
    prehendJson(['replay', path, '--no-policy', '--rate', 'max']) as { observations: number; sha256: string }
  const alignment = async (): Promise<Record<string, number>> => {
    const arrays = await peer.ask<{ status: Status[] }[]>('take', { topic: '/diagnostics', last: 6 })
    const status = arrays
      .flatMap(array => array.status)
      .filter(({ name }) => name === '/fusion: alignment')
      .at(-1)
    return Object.fromEntries((status?.values ?? []).map(({ key, value }) => [key, Number(value)]))
  }
  const change = (transition: string) =>
    peer.ask('call', {
      service: '/fusion/change_state',
      type: 'lifecycle_msgs/srv/ChangeState',
      request: { transition: { label: transition } },
    })
  const sensors = (seconds: number, seed: number) =>
    peer.ask<Record<string, number>>('sensors', { seconds, width: 64, height: 48, drop: 0.15, jitter: 0.004, seed })

  test(
    'replays to the same observations, byte for byte, with dropped and jittered frames and a ' + 'deactivation',
    async () => {
      const path = join(folder, 'live.mcap')
      const fusion = startNode(
        'fusion',
        ['-p', 'policy:=none', '-p', 'autostart:=true', '-p', `record:=${path}`],
        env,
        ['--json'],
      )
      for (const [topic, type] of [
        ['/camera/color/image_raw', 'sensor_msgs/msg/Image'],
        ['/camera/depth/image_raw', 'sensor_msgs/msg/Image'],
        ['/wrist/wrench', 'geometry_msgs/msg/WrenchStamped'],
      ]) {
        await peer.ask('advertise', { topic, type, match: 1 })
      }
      const sent = await sensors(2.5, 1)
      expect(sent['rgb']).toBeLessThan(75)
      await change('deactivate')
      await sensors(0.4, 2)
      await change('activate')
      await peer.ask('advertise', { topic: '/wrist/wrench', type: 'geometry_msgs/msg/WrenchStamped', match: 1 })
      // Deactivated in the middle. Messages after that are in neither of the two.
      const running = sensors(2.5, 3)
      await until(alignment, ({ observations }) => observations > sent['rgb'] + 10)
      const { status, stdout, log } = await fusion.signal()
      expect(status, log).toBe(0)
      await running
      const live = result(stdout)
      const { observations, sha256 } = replayed(path)
      expect(live.observations).toBeGreaterThan(sent['rgb'] - 5)
      expect([observations, sha256]).toEqual([live.observations, live.observationsSha256])
    },
  )

  test(
    'also with simulated time and a loop of the player: the jump back of /clock is counted, the node ' + 'lives',
    async () => {
      const bag = join(folder, 'made')
      python('make_bag.py', bag)
      const path = join(folder, 'simulated.mcap')
      const fusion = startNode(
        'fusion',
        [
          '-p',
          'policy:=none',
          '-p',
          'autostart:=true',
          '-p',
          'use_sim_time:=true',
          '-p',
          'robot:=cell',
          '-p',
          `record:=${path}`,
        ],
        env,
        ['--json'],
      )
      await fusion.said(/unconfigured/)
      const player = startNode('player', ['-p', `bag:=${bag}`, '-p', 'loop:=true', '-p', 'autostart:=true'], env)
      const { jumps, observations } = await until(alignment, ({ jumps }) => jumps >= 2)
      expect(observations).toBeGreaterThan(20)
      await until(alignment, now => now['observations'] > observations + 10 && now['jumps'] >= jumps)
      const { status, stdout, log } = await fusion.signal()
      expect(status, log).toBe(0)
      expect(await player.signal()).toMatchObject({ status: 0 })
      const live = result(stdout)
      const again = replayed(path)
      expect([again.observations, again.sha256]).toEqual([live.observations, live.observationsSha256])
      // The stamps of the recording are those of the played bag, in 2023, and not near 1970.
      const seconds = Number(
        python(
          `
import sys
from pathlib import Path
from rosbags.highlevel import AnyReader
with AnyReader([Path(sys.argv[1])]) as reader:
    print(reader.start_time // 10**9)
`,
          path,
        ),
      )
      expect(Math.abs(seconds - 1_700_000_000)).toBeLessThan(100)
    },
  )

  test('a fusion node receives a played recording from its first message on', async () => {
    await playedWhole(peer, env, folder, 1)
  }, 90_000)

  test('a player without subscribers names the topics, and plays', async () => {
    const player = startNode(
      'player',
      ['-p', `bag:=${join(folder, 'whole')}`, '-p', 'wait:=0.1', '-p', 'rate:=20.0', '-p', 'autostart:=true'],
      env,
    )
    await player.said(/WARN.*plays after 0\.1 s though \/clock has no subscriber, .*\/wrist\/wrench has no subscriber/)
    await player.said(/played \d+ messages/)
    // Its work is done.
    expect((await player.end).status).toBe(0)
  })

  test(
    'a recording is whole even if the request to end comes twice, from the launcher and its process ' + 'group',
    async () => {
      const path = join(folder, 'twice.mcap')
      const fusion = startNode(
        'fusion',
        ['-p', 'policy:=none', '-p', 'autostart:=true', '-p', `record:=${path}`],
        env,
        ['--json'],
      )
      await fusion.said(/fusion is active/)
      await peer.ask('advertise', { topic: '/wrist/wrench', type: 'geometry_msgs/msg/WrenchStamped', match: 1 })
      // The first 200 ms of wrenches are the tare, and discovery may lose the first messages. The rest of the second is
      // in the observations.
      await sensors(1, 4)
      // The second signal follows when the node has begun to end.
      fusion.child.kill('SIGINT')
      await fusion.said(/SIGINT: ending/)
      const { status, stdout, log } = await fusion.signal()
      expect(status, log).toBe(0)
      expect(replayed(path).sha256).toBe(result(stdout).observationsSha256)
    },
  )

  test(
    'a node replaces neither a finished recording nor that of a killed node, and says where it ' + 'writes',
    async () => {
      const path = join(folder, 'again.mcap')
      const args = ['-p', 'policy:=none', '-p', 'autostart:=true', '-p', `record:=${path}`]
      const killed = startNode('fusion', args, env)
      await killed.said(/fusion is active/)
      await killed.signal('SIGKILL')
      for (const name of ['again_1.mcap', 'again_2.mcap']) {
        const fusion = startNode('fusion', args, env)
        await fusion.said(new RegExp(`records into ${join(folder, name)}`))
        await fusion.said(/fusion is active/)
        await peer.ask('clear', { topic: '/diagnostics' })
        const values = await until(
          async () => {
            const arrays = await peer.ask<{ status: Status[] }[]>('take', { topic: '/diagnostics', last: 6 })
            return (
              arrays.flatMap(array => array.status).find(status => status.name === '/fusion: recording')?.values ?? []
            )
          },
          found => found.length > 0,
        )
        expect(Object.fromEntries(values.map(({ key, value }) => [key, value]))).toMatchObject({
          path: join(folder, name),
          failed: 'false',
        })
        expect((await fusion.signal()).status).toBe(0)
      }
      expect(
        readdirSync(folder)
          .filter(name => name.startsWith('again'))
          .sort(),
      ).toEqual(['again.part.mcap', 'again_1.mcap', 'again_2.mcap'])
      rmSync(join(folder, 'again.part.mcap'))
    },
  )

  test('a node that was never active leaves no recording', async () => {
    const path = join(folder, 'never.mcap')
    const fusion = startNode('fusion', ['-p', 'policy:=none', '-p', `record:=${path}`], env)
    await fusion.said(/unconfigured/)
    expect((await fusion.signal()).status).toBe(0)
    expect(existsSync(path)).toBe(false)
    expect(readdirSync(folder).filter(name => /never|part/.test(name))).toEqual([])
  })
})

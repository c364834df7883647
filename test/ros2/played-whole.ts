import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { prehendJson, python } from '../e2e/prehend.js'
import { root } from './environment.js'
import { startNode, until, type Talk } from './processes.js'

interface Status {
  readonly name: string
  readonly values: readonly { key: string; value: string }[]
}

/** Plays a recording to a newly started fusion node, `turns` times. Expects that the node receives every message. */
export async function playedWhole(peer: Talk, env: NodeJS.ProcessEnv, folder: string, turns: number): Promise<void> {
  /** Messages that the fusion node received, by topic. Empty until its first diagnostics. */
  const received = async (): Promise<Record<string, number>> => {
    const arrays = await peer.ask<{ status: Status[] }[]>('take', { topic: '/diagnostics', last: 6 })
    const streams = arrays.flatMap(array => array.status).filter(({ name }) => name.startsWith('/fusion: /'))
    return Object.fromEntries(
      streams.map(({ name, values }) => [
        name.replace('/fusion: ', ''),
        Number(values.find(({ key }) => key === 'received')?.value),
      ]),
    )
  }
  const bag = join(folder, 'whole')
  python('make_bag.py', bag)
  const counts = (path: string) =>
    Object.fromEntries(
      Object.entries((prehendJson(['info', path]) as { topics: Record<string, { count: number }> }).topics).map(
        ([name, { count }]) => [name, count],
      ),
    )
  const whole = counts(bag)
  // Its voice stream has texts.
  const robot = join(folder, 'whole.yaml')
  writeFileSync(
    robot,
    readFileSync(join(root, 'robots/cell.yaml'), 'utf8').replace(
      'voice/events, type: prehend_interfaces/msg/VoiceEvent',
      'voice/text, type: std_msgs/msg/String',
    ),
  )
  // With the best effort a busy machine may lose messages at any time. A reliable subscription loses only those from
  // before it was matched.
  const reliable = Object.keys(whole).flatMap(topic =>
    ['subscription.reliability:=reliable', 'subscription.depth:=1000', 'publisher.depth:=1000'].flatMap(text => [
      '-p',
      `qos_overrides.${topic}.${text}`,
    ]),
  )
  for (let turn = 0; turn < turns; turn++) {
    const path = join(folder, `whole-${turn}.mcap`)
    // The player starts first, so that it must wait.
    const player = startNode(
      'player',
      ['-p', `bag:=${bag}`, '-p', 'wait:=60.0', '-p', `robot:=${robot}`, '-p', 'autostart:=true', ...reliable],
      env,
    )
    await player.said(/player is active/)
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
        `robot:=${robot}`,
        '-p',
        `record:=${path}`,
        ...reliable,
      ],
      env,
    )
    await player.said(/played \d+ messages/)
    await peer.ask('clear', { topic: '/diagnostics' })
    await until(received, heard => Object.keys(whole).every(topic => heard[topic] >= whole[topic]))
    expect((await fusion.signal()).status).toBe(0)
    expect(player.output()).not.toMatch(/plays after/)
    expect((await player.end).status).toBe(0)
    expect(player.output()).toMatch(/played \d+ messages; whoever asked for them reliably acknowledged all\n/)
    expect(counts(path), `turn ${turn}`).toEqual(whole)
  }
}

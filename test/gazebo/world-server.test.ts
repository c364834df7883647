import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawEpisode } from '../../sim/embedded/episode.js'
import { GRIPPER } from '../../sim/embedded/mjcf.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { SERVICES, TOPICS } from '../../sim/gazebo/names.js'
import { sceneObjects, worldSdf } from '../../sim/gazebo/world-sdf.js'
import type { SceneObject } from '../../sim/gazebo/world-sdf.js'
import { parseObjects } from '../../sim/objects/object-file.js'
import { endWithTests, Listener } from './programs.js'
import { environment, hasWorldServer, request, startWorldServer } from './server.js'

endWithTests()

const GRAVITY = 9.81
const OBJECTS =
  '- { name: red box, colour: red, mass: 0.1, friction: 0.8,\n    parts: [{ shape: box, size: [0.03, 0.02, 0.03] }] }'

const folder = mkdtempSync(join(tmpdir(), 'prehend-world-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const step = (steps: number): Promise<string> =>
  request(SERVICES.control, 'ignition.msgs.WorldControl', `pause: true, multi_step: ${steps}`)

/** A message that a topic brings while the world makes steps, `steps` at a time: the first that is `good`. */
async function during(topic: string, steps: number, good: RegExp): Promise<string> {
  const listener = new Listener(environment, topic)
  const found = (): string | undefined => listener.heard.find(message => good.test(message))
  // Nobody knows when the program is connected: the world goes on until it has heard.
  while (found() === undefined) expect(await step(steps)).toBe('data: true')
  await listener.stop()
  return found() ?? ''
}

/** Fields of the first block `name { … }` of protobuf text; what is 0 is not written. */
function vectorOf(text: string, name: string): { x: number; y: number; z: number } {
  const block = new RegExp(`\\b${name} \\{([^}]*)\\}`).exec(text)?.[1] ?? ''
  const field = (key: string): number => Number(new RegExp(`\\b${key}: (\\S+)`).exec(block)?.[1] ?? 0)
  return { x: field('x'), y: field('y'), z: field('z') }
}

describe.skipIf(!hasWorldServer)('the world server', () => {
  let server: Awaited<ReturnType<typeof startWorldServer>>
  let scene: SceneObject[]
  const episode = drawEpisode(parseObjects(OBJECTS, 'box.yaml'), 1, 0, { count: 1 })

  beforeAll(async () => {
    const mj = await loadMujoco()
    const file = join(folder, 'world.sdf')
    writeFileSync(file, worldSdf(mj, episode))
    scene = sceneObjects(mj, episode)
    server = await startWorldServer(file)
  })
  afterAll(async () => {
    console.log(await server.stop())
  })

  it('stands still until it is told to step, and counts its steps', async () => {
    const listener = new Listener(environment, TOPICS.clock)
    const times = (): number[] =>
      listener.heard.map(message => Number(/sim \{\n +nsec: (\d+)\n/.exec(message)?.[1]) / 1e6)
    const since = (): number[] => times().slice(times().lastIndexOf(1))
    const counts = (steps: number): number[] => Array.from({ length: steps }, (_, i) => i + 1)
    while (since().join() !== counts(10).join()) {
      await request(SERVICES.control, 'ignition.msgs.WorldControl', 'pause: true, reset: { all: true }')
      await step(10)
    }
    await step(5)
    await listener.until(() => times().at(-1) === 15)
    expect(since()).toEqual(counts(15))
    await listener.stop()
  }, 120_000)

  it('weighs the gripper at rest', async () => {
    await step(200)
    const force = vectorOf(await during(TOPICS.wrench, 50, /force \{/), 'force')
    // The sensor's constant error has a standard deviation of 1.7 N.
    expect(Math.abs(force.z - GRIPPER.mass * GRAVITY)).toBeLessThan(6)
  })

  it('makes a new scene: removes the object, makes it again elsewhere, and moves it', async () => {
    const [{ model, sdf }] = scene
    const remove = (): Promise<string> =>
      request(SERVICES.remove, 'ignition.msgs.Entity', `name: "${model}", type: MODEL`)
    // A reply may be lost on its way, and what is asked again has been done: what counts is the world.
    await remove()
    expect(await remove()).not.toBe('data: true')
    const text = sdf.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
    const created = `sdf: "${text}", name: "other", pose: { position: { x: -0.1, z: 0.5 } }`
    await request(SERVICES.create, 'ignition.msgs.EntityFactory', created)
    const moved = 'name: "other", position: { x: -0.1, y: 0.1, z: 0.0305 }, orientation: { w: 1 }'
    expect(await request(SERVICES.setPose, 'ignition.msgs.Pose', moved)).toBe('data: true')
    const poses = await during(TOPICS.poses, 20, /name: "other"/)
    const place = vectorOf(poses.slice(poses.indexOf('name: "other"')), 'position')
    expect(place.y).toBeCloseTo(0.1, 3)
  }, 120_000)

  it('goes back to its beginning', async () => {
    expect(
      await request(SERVICES.control, 'ignition.msgs.WorldControl', 'pause: true, reset: { all: true }, seed: 7'),
    ).toBe('data: true')
    const poses = await during(TOPICS.poses, 20, /name: "red_box"/)
    expect(poses).not.toContain('"other"')
    expect(await during(TOPICS.clock, 1, /sim \{/)).not.toMatch(/sim \{\n +sec/)
  }, 120_000)
})

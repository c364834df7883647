import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode, encode } from '../../middleware/cdr/codecs.js'
import { SPEAKERS, type Header, type MessageTypes, type TypeName } from '../../middleware/messages.js'
import { temporaryFolder } from '../middleware/python-script.js'
import { describeRos, install, onWheels, rclpy, root, rosEnvironment } from './environment.js'

const EPOCH = 1_700_000_000
const NODES = ['camera', 'cell', 'control', 'force_torque', 'fusion', 'player', 'voice']

const TYPES = ['msg', 'srv', 'action'].flatMap(kind =>
  readdirSync(join(root, 'interfaces', kind)).map(file => `prehend_interfaces/${kind}/${file.split('.')[0]}`),
)

interface Found {
  found: Record<string, { prefix: string; share: string; executables: string[] }>
  empty: Record<string, number[]>
}

describeRos('the ROS packages, as rclpy and ros2 find them', () => {
  let answer: Found
  beforeAll(() => {
    answer = rclpy<Found>('find_package.py', { packages: ['prehend', 'prehend_interfaces'], types: TYPES })
  })

  test('every type of interfaces/ can be imported, made and serialised', () => {
    expect(Object.keys(answer.empty)).toEqual(TYPES)
    for (const lengths of Object.values(answer.empty)) for (const length of lengths) expect(length).toBeGreaterThan(4)
  })

  test('both packages are in the ament index of .ros/install, with the executables for `ros2 run ' + 'prehend`', () => {
    expect(answer.found['prehend_interfaces'].prefix).toBe(install)
    expect(answer.found['prehend']).toEqual({
      prefix: install,
      share: join(install, 'share/prehend'),
      executables: NODES,
    })
    expect(existsSync(join(install, 'share/ament_index/resource_index/packages/prehend'))).toBe(true)
  })

  test(
    'every launch file and configuration of launch/ is installed, and the environment names the Fast ' + 'DDS profile',
    () => {
      const share = join(install, 'share/prehend')
      const wanted = [
        ...readdirSync(join(root, 'launch'))
          .filter(name => name.endsWith('.launch.py'))
          .map(name => ['launch', name]),
        ...readdirSync(join(root, 'launch/config')).map(name => ['config', name]),
      ]
      for (const [folder, name] of wanted) {
        const source = join(root, 'launch', ...(folder === 'launch' ? [] : [folder]), name)
        expect(readFileSync(join(share, folder, name), 'utf8')).toBe(readFileSync(source, 'utf8'))
      }
      expect(readFileSync(rosEnvironment()['FASTDDS_DEFAULT_PROFILES_FILE'] ?? '', 'utf8')).toContain(
        '<segment_size>33554432</segment_size>',
      )
    },
  )
})

/**
 * The packages that the wheels lack: the fields of the originals (ros2/geometry2, ros-controls/control_msgs) in order.
 */
const STATE = { position: 'double', effort: 'double', stalled: 'boolean', reached_goal: 'boolean' }
const ORIGINALS = {
  'tf2_msgs/msg/TFMessage': [{ transforms: 'sequence<geometry_msgs/TransformStamped>' }],
  'control_msgs/msg/GripperCommand': [{ position: 'double', max_effort: 'double' }],
  'control_msgs/action/GripperCommand': [{ command: 'control_msgs/GripperCommand' }, STATE, STATE],
}

describeRos('tf2_msgs and control_msgs beside the wheels', () => {
  test.skipIf(!onWheels())('have the fields of the originals, and lie where a sourced ROS does not find them', () => {
    const packages = ['tf2_msgs', 'control_msgs']
    const { found, fields } = rclpy<Found & { fields: object }>('find_package.py', {
      packages,
      types: Object.keys(ORIGINALS),
    })
    expect(JSON.stringify(fields)).toBe(JSON.stringify(ORIGINALS))
    for (const name of packages) expect(found[name].prefix).toBe(join(root, '.ros/messages'))
    expect(existsSync(join(root, 'scripts/ros-wheels/COLCON_IGNORE'))).toBe(true)
  })
})

describeRos('an executable of lib/prehend', () => {
  const folder = temporaryFolder()
  afterAll(() => folder.remove())

  test(
    'passes its arguments to `prehend node` of the checkout that PREHEND_ROOT names, and returns its ' + 'exit code',
    () => {
      const checkout = join(folder.path, 'a checkout')
      mkdirSync(join(checkout, 'bin'), { recursive: true })
      writeFileSync(
        join(checkout, 'bin/prehend'),
        'console.log(JSON.stringify(process.argv.slice(2)))\nprocess.exit(7)\n',
      )
      chmodSync(join(checkout, 'bin/prehend'), 0o755)
      const { stdout, status } = spawnSync(
        join(install, 'lib/prehend/force_torque'),
        ['--ros-args', '-r', '__node:=left wrist'],
        { encoding: 'utf8', env: { ...rosEnvironment(), PREHEND_ROOT: checkout } },
      )
      expect(JSON.parse(stdout)).toEqual(['node', 'force_torque', '--ros-args', '-r', '__node:=left wrist'])
      expect(status).toBe(7)
    },
  )

  test('says what is wrong where there is no checkout', () => {
    const { stderr, status } = spawnSync(join(install, 'lib/prehend/fusion'), {
      encoding: 'utf8',
      env: { ...rosEnvironment(), PREHEND_ROOT: folder.path },
    })
    expect(stderr).toBe(
      `prehend: ${folder.path}/bin/prehend is missing: set PREHEND_ROOT to the checkout, or build this ` +
        'package again in it\n',
    )
    expect(status).toBe(2)
  })
})

describeRos('.ros/setup.sh', () => {
  test.each(['bash', 'sh'])('gives %s the variables of environment.json, however often it is sourced', shell => {
    const print = `"${process.execPath}" -p "JSON.stringify(process.env)"`
    const script = join(root, '.ros/setup.sh')
    const printed = execFileSync(shell, ['-c', `set -eu; . "${script}"; . "${script}"; ${print}`], {
      encoding: 'utf8',
      cwd: '/',
    })
    const got = JSON.parse(printed) as Record<string, string>
    const wanted = JSON.parse(readFileSync(join(root, '.ros/environment.json'), 'utf8')) as Record<string, string>
    const entries = (list: string) => list.split(':').filter(entry => entry !== '')
    for (const [name, value] of Object.entries(wanted)) {
      // Only the first entry of PATH is compared, because a test runner adds folders.
      const kept = name === 'PATH' ? 1 : undefined
      expect([name, ...entries(got[name]).slice(0, kept)]).toEqual([name, ...entries(value).slice(0, kept)])
    }
  })
})

describeRos("our CDR and rclpy's", () => {
  const header = fc.record({
    stamp: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
    frameId: fc.string({ maxLength: 12 }).filter(text => !text.includes('\0')),
  })
  const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter(s => !s.includes('\0'))
  const float32 = fc.float({ noNaN: false })
  const vector = (length: number) =>
    fc.array(fc.double(), { minLength: length, maxLength: length }).map(values => Float64Array.from(values))
  const list = fc.array(fc.double(), { maxLength: 5 }).map(values => Float64Array.from(values))
  const list32 = fc.array(float32, { maxLength: 13 }).map(values => Float32Array.from(values))

  const number = (value: number): number | string =>
    Number.isNaN(value) ? 'nan' : Number.isFinite(value) ? value : value > 0 ? 'inf' : '-inf'
  const numbers = (values: ArrayLike<number>): (number | string)[] => Array.from(values, number)
  const rosHeader = ({ stamp, frameId }: Header) => {
    const nanoseconds = BigInt(EPOCH) * 1_000_000_000n + BigInt(stamp)
    return {
      stamp: { sec: Number(nanoseconds / 1_000_000_000n), nanosec: Number(nanoseconds % 1_000_000_000n) },
      frame_id: frameId,
    }
  }
  const pose = ([px, py, pz, qx, qy, qz, qw]: Float64Array) => ({
    position: named({ x: px, y: py, z: pz }),
    orientation: named({ x: qx, y: qy, z: qz, w: qw }),
  })
  const named = (values: Record<string, number>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, number(value)]))

  /** For each type: messages, and the fields that rclpy must read from them. */
  interface Case<T extends TypeName> {
    messages: fc.Arbitrary<MessageTypes[T]>
    fields(message: MessageTypes[T]): unknown
  }
  const name = fc.stringMatching(/^[a-z_]{0,9}$/)
  const names = fc.array(name, { maxLength: 3 })
  const group = fc.record({
    name,
    kind: name,
    counts: name,
    joints: names,
    continuous: names,
    rotation: name,
    frame: name,
    channels: names,
    unit: name,
  })
  const CASES: { [T in TypeName]?: Case<T> } = {
    'prehend_interfaces/msg/ActionChunk': {
      messages: fc
        .tuple(
          header,
          fc.record({ rate: float32, data: list32, origin: vector(7), gate: list32, graspSuccess: float32 }),
          fc.option(fc.record({ groups: fc.array(group, { minLength: 1, maxLength: 3 }), origins: list }), { nil: {} }),
          fc.option(fc.record({ featureStamp: fc.nat() }), { nil: {} }),
        )
        .map(([a, b, c, d]) => ({ ...a, ...b, ...c, ...d })),
      fields: m => ({
        header: rosHeader(m),
        rate: number(m.rate),
        data: numbers(m.data),
        origin: pose(m.origin),
        gate: numbers(m.gate),
        grasp_success: number(m.graspSuccess),
        version: 3,
        groups: m.groups ?? [],
        origins: numbers(m.origins ?? []),
        feature_stamp:
          m.featureStamp === undefined
            ? { sec: 0, nanosec: 0 }
            : rosHeader({ stamp: m.featureStamp, frameId: '' }).stamp,
      }),
    },
    'prehend_interfaces/msg/VoiceEvent': {
      messages: fc
        .tuple(header, fc.record({ text, confidence: float32, speaker: fc.constantFrom(...SPEAKERS) }))
        .map(([a, b]) => ({ ...a, ...b })),
      fields: m => ({
        header: rosHeader(m),
        text: m.text,
        confidence: number(m.confidence),
        version: 2,
        speaker: SPEAKERS.indexOf(m.speaker ?? 'somebody'),
      }),
    },
    'sensor_msgs/msg/Image': {
      messages: fc
        .tuple(
          header,
          fc.record({
            height: fc.nat(9),
            width: fc.nat(9),
            encoding: fc.constantFrom('rgb8', 'mono8', '16UC1'),
            isBigendian: fc.boolean(),
            step: fc.nat(99),
            data: fc.uint8Array({ maxLength: 200 }),
          }),
        )
        .map(([a, b]) => ({ ...a, ...b })),
      fields: m => ({
        header: rosHeader(m),
        height: m.height,
        width: m.width,
        encoding: m.encoding,
        is_bigendian: m.isBigendian ? 1 : 0,
        step: m.step,
        data: numbers(m.data),
      }),
    },
    'geometry_msgs/msg/WrenchStamped': {
      messages: fc.tuple(header, vector(6)).map(([a, wrench]) => ({ ...a, wrench })),
      fields: m => {
        const [fx, fy, fz, tx, ty, tz] = m.wrench
        return {
          header: rosHeader(m),
          wrench: { force: named({ x: fx, y: fy, z: fz }), torque: named({ x: tx, y: ty, z: tz }) },
        }
      },
    },
    'geometry_msgs/msg/PoseStamped': {
      messages: fc.tuple(header, vector(7)).map(([a, values]) => ({ ...a, pose: values })),
      fields: m => ({ header: rosHeader(m), pose: pose(m.pose) }),
    },
    'geometry_msgs/msg/TwistStamped': {
      messages: fc.tuple(header, vector(6)).map(([a, twist]) => ({ ...a, twist })),
      fields: m => {
        const [vx, vy, vz, wx, wy, wz] = m.twist
        return {
          header: rosHeader(m),
          twist: { linear: named({ x: vx, y: vy, z: vz }), angular: named({ x: wx, y: wy, z: wz }) },
        }
      },
    },
    'sensor_msgs/msg/JointState': {
      messages: fc
        .tuple(
          header,
          fc.record({
            name: fc.array(fc.constantFrom('j1', 'finger_joint', '')),
            position: list,
            velocity: list,
            effort: list,
          }),
        )
        .map(([a, b]) => ({ ...a, ...b })),
      fields: m => ({
        header: rosHeader(m),
        name: m.name,
        position: numbers(m.position),
        velocity: numbers(m.velocity),
        effort: numbers(m.effort),
      }),
    },
    'trajectory_msgs/msg/JointTrajectory': {
      messages: fc
        .tuple(
          header,
          fc.record({
            jointNames: fc.array(fc.constantFrom('j1', 'finger_joint', '')),
            points: fc.array(
              fc.record({
                positions: list,
                velocities: list,
                accelerations: list,
                effort: list,
                timeFromStart: fc.integer({ min: -3_000_000_000, max: 3_000_000_000 }),
              }),
              { maxLength: 3 },
            ),
          }),
        )
        .map(([a, b]) => ({ ...a, ...b })),
      fields: m => ({
        header: rosHeader(m),
        joint_names: m.jointNames,
        points: m.points.map(({ timeFromStart, ...values }) => {
          const sec = Math.floor(timeFromStart / 1e9)
          return {
            positions: numbers(values.positions),
            velocities: numbers(values.velocities),
            accelerations: numbers(values.accelerations),
            effort: numbers(values.effort),
            time_from_start: { sec, nanosec: timeFromStart - sec * 1e9 },
          }
        }),
      }),
    },
    'std_msgs/msg/String': { messages: fc.record({ data: text }), fields: m => ({ data: m.data }) },
  }

  test.each(Object.keys(CASES) as TypeName[])('%s: rclpy reads what we write, and we read what rclpy writes', type =>
    check(type),
  )

  function check<T extends TypeName>(type: T): void {
    const { messages, fields } = CASES[type] as Case<T>
    const samples = fc.sample(messages, { numRuns: 100, seed: 7 })
    const answers = rclpy<[unknown, string][]>(
      'serialise.py',
      samples.map(message => [type, Buffer.from(encode(type, message, EPOCH)).toString('base64')]),
    )
    expect(answers).toHaveLength(samples.length)
    answers.forEach(([seen, bytes], i) => {
      expect(seen).toEqual(fields(samples[i]))
      expect(plain(decode(type, Buffer.from(bytes, 'base64'), EPOCH))).toEqual(plain(samples[i]))
    })
  }

  /** Turns typed arrays into arrays, because a codec may return another kind of view. */
  function plain(message: object): object {
    return Object.fromEntries(
      Object.entries(message).map(([name, value]) => [
        name,
        ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : (value as unknown),
      ]),
    )
  }
})

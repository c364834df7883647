import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { RobotError } from '../../robots/robot-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import { referenceTables } from '../../robots/reference-tables.js'
import { robotJsonSchema } from '../../robots/schema.js'
import { cellXml } from '../../sim/embedded/mjcf.js'

const shipped = (file: string): string => readFileSync(new URL(`../../robots/${file}`, import.meta.url), 'utf8')

const GOOD = `robot: bench
tick: { from: rgb }
streams:
  rgb: { topic: /camera/color/image_raw, type: sensor_msgs/msg/Image }
  wrench:
    topic: /wrist/wrench
    type: geometry_msgs/msg/WrenchStamped
    tare: 500 ms
    align: { window: 33.333333 ms }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.a] }
actions:
  gripper: { driver: robotiq-2f85, port: { path: /dev/ttyUSB0 } }
limits:
  width: [0 mm, 85 mm]
  effort: [20 N, 120 N]
`

function errorOf(text: string): RobotError {
  try {
    parseRobot(text, 'bench.yaml')
  } catch (error) {
    if (error instanceof RobotError) return error
    throw error
  }
  throw new Error('was accepted')
}

const replaced = (from: string, to: string): string => {
  expect(GOOD).toContain(from)
  return GOOD.replace(from, to)
}

/** A robot file with an arm and two poses. */
const armed = (arm: string): string =>
  replaced(
    '  joints:',
    `  marker: { topic: /marker, type: geometry_msgs/msg/PoseStamped }
  tool: { topic: /tool_pose, type: geometry_msgs/msg/PoseStamped }
  joints:`,
  )
    .replace(
      'limits:\n',
      `  arm: { ${arm} }
limits:
  workspace: { x: [0, 1], y: [0, 1], z: [0, 1] }
  speed: 0.2 m/s
  yaw_rate: 90 deg/s
`,
    )
    .replace('\n    tare: 500 ms', '')

describe('a robot file that cannot be used is refused with one line that names file, line and key', () => {
  const cases: readonly (readonly [what: string, text: string, code: string, message: string])[] = [
    [
      'a length that is a time',
      replaced('[0 mm, 85 mm]', '[0 mm, 85 s]'),
      'ROBOT_UNIT',
      "bench.yaml:14: limits.width.1: got '85 s' (a time), wanted a length such as '85 mm'",
    ],
    [
      'a time that is a length',
      replaced('tare: 500 ms', 'tare: 500 mm'),
      'ROBOT_UNIT',
      "bench.yaml:8: streams.wrench.tare: got '500 mm' (a length), wanted a time such as '40 ms'",
    ],
    [
      'a quoted number without a unit',
      replaced('tare: 500 ms', "tare: '5'"),
      'ROBOT_UNIT',
      "bench.yaml:8: streams.wrench.tare: got '5' (no unit), wanted a time such as '40 ms'",
    ],
    [
      'an unknown unit',
      replaced('tare: 500 ms', 'tare: 500 mz'),
      'ROBOT_UNIT',
      "bench.yaml:8: streams.wrench.tare: cannot read '500 mz': Unit \"mz\" not found. wanted a time such as '40 ms'",
    ],
    [
      'an expression',
      replaced('tare: 500 ms', 'tare: sqrt(4) s'),
      'ROBOT_UNIT',
      "bench.yaml:8: streams.wrench.tare: cannot read 'sqrt(4) s' as a quantity, wanted a time such as '40 ms'",
    ],
    [
      'a sum',
      replaced('tare: 500 ms', 'tare: 500 ms + 1 s'),
      'ROBOT_UNIT',
      "bench.yaml:8: streams.wrench.tare: cannot read '500 ms + 1 s' as a quantity, wanted a time such as '40 ms'",
    ],
    [
      'a unit of depth for colour',
      replaced('type: sensor_msgs/msg/Image }', 'type: sensor_msgs/msg/Image, depth_unit: 0.1 mm }'),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.rgb.depth_unit: belongs to a depth image, this is rgb',
    ],
    [
      'a unit of depth beyond belief',
      replaced('type: sensor_msgs/msg/Image }', 'type: sensor_msgs/msg/Image, modality: depth, depth_unit: 2 m }'),
      'ROBOT_UNIT',
      'bench.yaml:4: streams.rgb.depth_unit: got "2 m", must be from 0.001 mm to 1 m',
    ],
    [
      'infinity',
      replaced('tare: 500 ms', 'tare: .inf'),
      'ROBOT_INVALID',
      "bench.yaml:8: streams.wrench.tare: expected a time such as '40 ms'",
    ],
    [
      'a negative tare',
      replaced('tare: 500 ms', 'tare: -1 ms'),
      'ROBOT_UNIT',
      'bench.yaml:8: streams.wrench.tare: got "-1 ms", must be from 0 s to 1 min',
    ],
    [
      'a rate of 0',
      replaced('{ from: rgb }', '{ rate: 0 Hz }'),
      'ROBOT_UNIT',
      'bench.yaml:2: tick.rate: got "0 Hz", must be from 0.01 Hz to 1000 kHz',
    ],
    [
      'a plain rate of 0',
      replaced('{ from: rgb }', '{ rate: 0 }'),
      'ROBOT_UNIT',
      'bench.yaml:2: tick.rate: got 0, must be from 0.01 Hz to 1000 kHz',
    ],
    [
      'a negative rate',
      replaced('{ from: rgb }', '{ rate: -30 Hz }'),
      'ROBOT_UNIT',
      'bench.yaml:2: tick.rate: got "-30 Hz", must be from 0.01 Hz to 1000 kHz',
    ],
    [
      'a rate beyond keeping',
      replaced('{ from: rgb }', '{ rate: 1 GHz }'),
      'ROBOT_UNIT',
      'bench.yaml:2: tick.rate: got "1 GHz", must be from 0.01 Hz to 1000 kHz',
    ],
    [
      'a rate that is a length',
      replaced('{ from: rgb }', '{ rate: 30 m }'),
      'ROBOT_UNIT',
      "bench.yaml:2: tick.rate: got '30 m' (a length), wanted a rate such as '30 Hz'",
    ],
    [
      'an unknown key at the top',
      `${GOOD}max_wiat: 40 ms\n`,
      'ROBOT_UNKNOWN_KEY',
      "bench.yaml:16: max_wiat: 'max_wiat': no such key here, did you mean 'max_wait'?",
    ],
    [
      'an unknown key in a stream',
      replaced('    tare:', '    tear:'),
      'ROBOT_UNKNOWN_KEY',
      "bench.yaml:8: streams.wrench.tear: 'tear': no such key here, did you mean 'tare'?",
    ],
    [
      'an unknown key in align',
      replaced('window: 33', 'windw: 33'),
      'ROBOT_UNKNOWN_KEY',
      "bench.yaml:9: streams.wrench.align.windw: 'windw': no such key here, did you mean 'window'?",
    ],
    [
      'an unknown key in limits',
      replaced('  effort:', '  effrot:'),
      'ROBOT_UNKNOWN_KEY',
      "bench.yaml:15: limits.effrot: 'effrot': no such key here, did you mean 'effort'?",
    ],
    [
      'a wrong dimension inside align',
      replaced('33.333333 ms', '33 mm'),
      'ROBOT_UNIT',
      "bench.yaml:9: streams.wrench.align.window: got '33 mm' (a length), wanted a time such as '40 ms'",
    ],
    [
      'an empty window',
      replaced('33.333333 ms', '0'),
      'ROBOT_UNIT',
      'bench.yaml:9: streams.wrench.align.window: got 0, must be from 1 us to 1 min',
    ],
    [
      'a misspelt strategy',
      replaced('type: sensor_msgs/msg/Image', 'type: sensor_msgs/msg/Image, align: neerest'),
      'ROBOT_INVALID',
      "bench.yaml:4: streams.rgb.align: 'neerest': no such strategy, did you mean 'nearest'?",
    ],
    [
      'a strategy that does not fit',
      replaced('type: sensor_msgs/msg/Image', 'type: sensor_msgs/msg/Image, align: window'),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.rgb.align: window does not fit sensor_msgs/msg/Image; say interpolate, ' +
        'nearest, hold, asof',
    ],
    [
      'asof without an age',
      replaced('type: sensor_msgs/msg/Image', 'type: sensor_msgs/msg/Image, align: asof'),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.rgb.align: asof needs an age: align: { asof: 200 ms }',
    ],
    [
      'a pyramid without a window',
      replaced('{ window: 33.333333 ms }', '{ pyramid: [8 ms] }'),
      'ROBOT_INVALID',
      'bench.yaml:9: streams.wrench.align.pyramid: belongs to a window: align: { window: 33.333333 ms, pyramid: … }',
    ],
    [
      'a pyramid under events',
      replaced('{ window: 33.333333 ms }', '{ events: 4, pyramid: [8 ms] }'),
      'ROBOT_INVALID',
      'bench.yaml:9: streams.wrench.align.pyramid: belongs to a window, this is events',
    ],
    [
      'a pyramid that shrinks',
      replaced('{ window: 33.333333 ms }', '{ window: 1 ms, pyramid: [8 ms, 4 ms] }'),
      'ROBOT_INVALID',
      'bench.yaml:9: streams.wrench.align.pyramid: windows must grow: [8 ms, 16 ms, …]',
    ],
    [
      'two strategies',
      replaced('{ window: 33.333333 ms }', '{ window: 33 ms, events: 4 }'),
      'ROBOT_INVALID',
      'bench.yaml:9: streams.wrench.align: say one of window, events, asof, series, got window and events',
    ],
    [
      'max_gap on a window',
      replaced('    tare: 500 ms', '    max_gap: 100 ms'),
      'ROBOT_INVALID',
      'bench.yaml:8: streams.wrench.max_gap: belongs to interpolate or nearest or series, this is window',
    ],
    [
      'a tare of an image',
      replaced('type: sensor_msgs/msg/Image', 'type: sensor_msgs/msg/Image, tare: 1 s'),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.rgb.tare: only a wrench or an array can be tared, this is sensor_msgs/msg/Image',
    ],
    [
      'a selection that is none',
      replaced('position.a', 'a'),
      'ROBOT_INVALID',
      "bench.yaml:10: streams.joints.select.0: 'a' is not a value such as position.joint_1 (position, " +
        'velocity or effort)',
    ],
    [
      'a modality that does not fit',
      replaced('type: sensor_msgs/msg/Image', 'type: sensor_msgs/msg/Image, modality: force'),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.rgb.modality: sensor_msgs/msg/Image gives rgb or depth, not force',
    ],
    [
      'two streams on one topic',
      replaced(
        '  joints:',
        '  more: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.a] }\n  joints:',
      ),
      'ROBOT_INVALID',
      "bench.yaml:11: streams.joints.topic: /joint_states is read by 'more' too, with the same " +
        'selection; leave one out',
    ],
    [
      'one topic as two types',
      replaced('/joint_states,', '/wrist/wrench,'),
      'ROBOT_INVALID',
      "bench.yaml:10: streams.joints.topic: /wrist/wrench is read by 'wrench' too, as " +
        'geometry_msgs/msg/WrenchStamped; leave one out',
    ],
    [
      'a tick from no stream',
      replaced('from: rgb', 'from: rbg'),
      'ROBOT_INVALID',
      "bench.yaml:2: tick.from: 'rbg': no such stream, did you mean 'rgb'?",
    ],
    [
      'two kinds of tick',
      replaced('from: rgb', 'from: rgb, rate: 30 Hz'),
      'ROBOT_INVALID',
      'bench.yaml:2: tick: say one of from, rate and period, got from and rate',
    ],
    [
      'no tick',
      replaced('tick: { from: rgb }\n', ''),
      'ROBOT_INVALID',
      'bench.yaml: tick: expected a map of from, rate, period',
    ],
    [
      'no topic',
      replaced('topic: /camera/color/image_raw, ', ''),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.rgb.topic: expected a topic such as /camera/color/image_raw',
    ],
    [
      'a topic that is none',
      replaced('/camera/color/image_raw', 'camera//color'),
      'ROBOT_INVALID',
      "bench.yaml:4: streams.rgb.topic: 'camera//color' is not a topic such as /camera/color/image_raw",
    ],
    [
      'an unknown type',
      replaced('sensor_msgs/msg/Image', 'sensor_msgs/Image'),
      'ROBOT_INVALID',
      "bench.yaml:4: streams.rgb.type: 'sensor_msgs/Image': no such type, did you mean 'sensor_msgs/msg/Image'?",
    ],
    [
      'a header where there is none',
      replaced(
        'type: geometry_msgs/msg/WrenchStamped\n    tare: 500 ms\n    align: { window: 33.333333 ms }',
        'type: std_msgs/msg/String\n    timeline: header',
      ),
      'ROBOT_INVALID',
      'bench.yaml:8: streams.wrench.timeline: std_msgs/msg/String has no header; say receive',
    ],
    [
      'a stream name that is none',
      replaced('  rgb:', '  "r gb":'),
      'ROBOT_INVALID',
      'bench.yaml:4: streams.r gb: expected a stream name: letters, digits, _ and -, a letter first',
    ],
    [
      'a range upside down',
      replaced('[0 mm, 85 mm]', '[85 mm, 0 mm]'),
      'ROBOT_INVALID',
      'bench.yaml:14: limits.width: from must be below to',
    ],
    [
      'actions without their limits',
      replaced('  effort: [20 N, 120 N]\n', ''),
      'ROBOT_INVALID',
      "bench.yaml:13: limits: 'gripper' needs the limits width, effort; missing: effort",
    ],
    [
      'an arm whose tool pose is not named',
      armed('topic: /target, type: geometry_msgs/msg/PoseStamped'),
      'ROBOT_INVALID',
      'bench.yaml:14: actions.arm.pose: expected the name of the geometry_msgs/msg/PoseStamped stream ' +
        'that says where the tool is, such as pose: tool',
    ],
    [
      'an arm whose tool pose is no stream',
      armed('topic: /target, type: geometry_msgs/msg/PoseStamped, pose: tol'),
      'ROBOT_INVALID',
      "bench.yaml:14: actions.arm.pose: 'tol': no such stream, did you mean 'tool'?",
    ],
    [
      'an arm whose tool pose is no pose',
      armed('topic: /target, type: geometry_msgs/msg/PoseStamped, pose: rgb'),
      'ROBOT_INVALID',
      "bench.yaml:14: actions.arm.pose: 'rgb' is sensor_msgs/msg/Image; the tool pose is a " +
        'geometry_msgs/msg/PoseStamped: marker, tool',
    ],
    [
      'an arm whose tool pose is its set-point',
      armed('topic: /tool_pose, type: geometry_msgs/msg/PoseStamped, pose: tool'),
      'ROBOT_INVALID',
      "bench.yaml:14: actions.arm.pose: 'tool' is read from /tool_pose, where the set-points go; the " +
        'tool pose is a measured one',
    ],
    [
      'an arm without any pose',
      armed('topic: /target, type: geometry_msgs/msg/PoseStamped, pose: tool').replace(/ {2}(marker|tool): .*\n/g, ''),
      'ROBOT_INVALID',
      'bench.yaml:12: actions.arm.pose: an arm needs a stream of type geometry_msgs/msg/PoseStamped ' +
        'that says where its tool is; this file has none',
    ],
    [
      'a frame with a length that is none',
      `${GOOD}frames: { cam: { parent: tool, xyz: [0 m, 0 kg, 0 m] } }\n`,
      'ROBOT_UNIT',
      "bench.yaml:16: frames.cam.xyz.1: got '0 kg' (a mass), wanted a length such as '85 mm'",
    ],
    [
      'a frame turned by lengths',
      `${GOOD}frames: { cam: { parent: tool, rpy: [0, 0, 1 m] } }\n`,
      'ROBOT_UNIT',
      "bench.yaml:16: frames.cam.rpy.2: got '1 m' (a length), wanted an angle such as '90 deg'",
    ],
    [
      'a frame with two of its three values',
      `${GOOD}frames: { cam: { parent: tool, xyz: [0, 0] } }\n`,
      'ROBOT_INVALID',
      'bench.yaml:16: frames.cam.xyz: ',
    ],
    [
      'a frame in nothing',
      `${GOOD}frames: { cam: { xyz: [0, 0, 0] } }\n`,
      'ROBOT_INVALID',
      'bench.yaml:16: frames.cam.parent: expected the name of a frame',
    ],
    [
      'a frame with a slash before it',
      `${GOOD}frames: { /cam: { parent: tool } }\n`,
      'ROBOT_INVALID',
      "bench.yaml:16: frames./cam: '/cam' is not a frame",
    ],
    [
      'frames in a circle',
      `${GOOD}frames:\n  top: { parent: b }\n  a: { parent: b }\n  b: { parent: a }\n`,
      'ROBOT_INVALID',
      'bench.yaml:18: frames.a.parent: the frame hangs on itself: a in b in a',
    ],
    [
      'a key of a frame that is none',
      `${GOOD}frames: { cam: { parent: tool, rp: [0, 0, 0] } }\n`,
      'ROBOT_UNKNOWN_KEY',
      "bench.yaml:16: frames.cam.rp: 'rp': no such key here, did you mean 'rpy'?",
    ],
    ['a key twice', `${GOOD}robot: again\n`, 'ROBOT_SYNTAX', 'bench.yaml:16: not YAML: Map keys must be unique'],
    [
      'a file that is not YAML',
      replaced('tick: { from: rgb }', 'tick: { from: rgb'),
      'ROBOT_SYNTAX',
      'bench.yaml:3: not YAML: ',
    ],
    ['an empty file', '', 'ROBOT_SYNTAX', 'bench.yaml: not a robot file: expected a map with robot, tick and streams'],
    ['a list', '- a\n', 'ROBOT_SYNTAX', 'bench.yaml: not a robot file: expected a map with robot, tick and streams'],
  ]
  it.each(cases)('%s', (_what, text, code, message) => {
    const error = errorOf(text)
    expect(error.message.startsWith(message) ? message : error.message).toBe(message)
    expect(error.message).not.toContain('\n')
    expect(error.code).toBe(code)
    expect(error.exit).toBe(2)
  })
})

describe('every quantity of a robot file', () => {
  const cellFile = parse(shipped('cell.yaml')) as Record<string, unknown>
  const full = (): Record<string, unknown> => ({
    ...structuredClone(cellFile),
    tick: { rate: '30 Hz' },
    streams: {
      ...structuredClone(cellFile['streams'] as object),
      late: { topic: '/late', type: 'sensor_msgs/msg/JointState', select: ['position.a'], align: { asof: '200 ms' } },
      wide: {
        topic: '/wide',
        type: 'sensor_msgs/msg/Image',
        align: 'nearest',
        max_gap: '100 ms',
        max_hold: '50 ms',
        modality: 'depth',
        depth_unit: '1 mm',
      },
    },
  })
  /** The paths of all numbers and quantities. */
  const places = (value: unknown, path: string[] = []): string[][] =>
    value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))
      : typeof value === 'number' || /^-?[0-9.]+ [a-zA-Z/]+$/.test(String(value))
        ? [path]
        : []
  const changed = (path: readonly string[], to: (value: unknown) => unknown): string => {
    const file = full()
    let at = file
    for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
    const key = path[path.length - 1]
    at[key] = to(at[key])
    return stringify(file)
  }
  const unit = (value: unknown): string => String(value).replace(/^-?[0-9.]+ ?/, '')

  it('is in this list', () => {
    expect(() => parseRobot(stringify(full()), 'f')).not.toThrow()
    expect(places(full()).length).toBeGreaterThan(40)
  })

  it.each(places(full()).map(path => [path.join('.'), path] as const))(
    '%s is finite and in its range, or refused in one line with key, value and range',
    (name, path) => {
      const key = name.replace(/[.](\d)/g, '.$1')
      for (const number of ['1e400', '1e308', '-1e400', '1e12', '-1e12']) {
        const error = errorOf(
          changed(path, value => (typeof value === 'number' ? Number(number) : `${number} ${unit(value)}`.trim())),
        )
        expect(error.message).toContain(`${key}: `)
        expect(error.message).toMatch(/from -?[0-9.]+( \S+)? to [0-9]/)
        if (!error.message.includes('expected a')) expect(error.message).toMatch(/got "?-?1(e|0+)|must be from/)
        expect(error.message).not.toContain('\n')
      }
      for (const odd of [NaN, Infinity, -Infinity, 'NaN m', 'inf m/s', '.nan', null, true])
        expect(() =>
          parseRobot(
            changed(path, () => odd),
            'bench.yaml',
          ),
        ).toThrow(RobotError)
    },
  )

  it.each<[string, string, string]>([
    [
      'contact: 3 N',
      'contact: 30 N',
      'limits.contact: contact is 30 N and over_force 30 N: contact must be below over_force',
    ],
    [
      'over_force: 30 N',
      'over_force: 2 N',
      'limits.contact: contact is 3 N and over_force 2 N: contact must be below over_force',
    ],
    ['speed: 0.35 m/s', 'speed: 1e400 m/s', 'limits.speed: got "1e400 m/s", must be from 1 mm/s to 10 m/s'],
    ['speed: 0.35 m/s', 'speed: -0.1 m/s', 'limits.speed: got "-0.1 m/s", must be from 1 mm/s to 10 m/s'],
    ['x: [-0.25 m, 0.25 m]', 'x: [0.25 m, 0.25 m]', 'limits.workspace.x: from must be below to'],
    ['baud: 115200', 'baud: 12', 'actions.gripper.port.baud: must be from 300 to 4000000'],
  ])('%s as %s is refused', (from, to, message) => {
    const text = shipped('cell.yaml').replace(from, to)
    expect(text).toContain(to)
    expect(errorOf(text).message.replace(/^bench.yaml:\d+: /, '')).toBe(message)
  })
})

describe('a robot file that can be used', () => {
  it('has the documented defaults', () => {
    const robot = parseRobot(GOOD, 'bench.yaml')
    expect(robot).toMatchObject({ maxWait: 40e6, maxSilence: 250e6, tick: { from: 'rgb' }, reset: undefined })
    expect(robot.streams.map(({ name, modality, align }) => [name, modality, align])).toEqual([
      ['rgb', 'rgb', { strategy: 'nearest', maxGap: 100e6, maxHold: 50e6 }],
      [
        'wrench',
        'force',
        { strategy: 'window', length: 33_333_333, centred: false, pyramid: [8e6, 16e6, 32e6, 64e6, 128e6, 256e6] },
      ],
      ['joints', 'proprioception', { strategy: 'interpolate', maxGap: 100e6, maxHold: 50e6 }],
    ])
    expect(robot.actions.gripper).toEqual({
      driver: 'robotiq-2f85',
      port: { path: '/dev/ttyUSB0', baud: 115200 },
      slave: 9,
    })
    expect(robot.limits).toMatchObject({
      width: [0, 0.085],
      contact: 3,
      overForce: 30,
      watchdog: { wrench: 50e6, camera: 250e6 },
    })
  })

  it('has its frames by name, in m and rad; a pose that is left out is 0', () => {
    const { frames } = parseRobot(
      `${GOOD}frames: { wrist: { parent: tool, xyz: [0, 0, -16 cm] }, cam: { parent: wrist, rpy: [180 ` +
        'deg, 0, 0.5] } }\n',
      'bench.yaml',
    )
    expect(frames).toEqual([
      { name: 'cam', parent: 'wrist', xyz: [0, 0, 0], rpy: [Number(Math.PI.toPrecision(12)), 0, 0.5] },
      { name: 'wrist', parent: 'tool', xyz: [0, 0, -0.16], rpy: [0, 0, 0] },
    ])
    expect(parseRobot(GOOD, 'bench.yaml').frames).toEqual([])
  })

  it('may read one topic twice with different selections', () => {
    const two = replaced(
      '  joints:',
      '  speed: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [velocity.a] }\n  joints:',
    )
    expect(parseRobot(two, 'bench.yaml').streams).toHaveLength(4)
  })

  it('ticks at a rate in whole nanoseconds', () => {
    expect(parseRobot(replaced('from: rgb', 'rate: 30 Hz'), 'bench.yaml').tick).toEqual({ period: 33_333_333 })
  })
})

describe('the shipped robot files', () => {
  it('cell.yaml has all that the embedded cell needs', () => {
    const robot = parseRobot(shipped('cell.yaml'), 'robots/cell.yaml')
    expect(robot.streams.map(stream => `${stream.name} ${stream.topic}`)).toEqual([
      'rgb /camera/color/image_raw',
      'depth /camera/depth/image_raw',
      'wrench /wrist/wrench',
      'voice /voice/events',
      'gripper /gripper/joint_states',
      'tool /tool_pose',
    ])
    expect(robot.limits.yawRate).toBeCloseTo(Math.PI, 10)
    expect(robot.limits.workspace).toEqual({ x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0, 0.4] })
    expect(robot.limits.watchdog).toEqual({ wrench: 50e6, camera: 250e6, policy: 300e6, person: 200e6, gripper: 200e6 })
    expect(robot.actions.gripper?.port.path).toBeUndefined()
    expect(robot.reset?.topic).toBe('/episode')
  })

  it('cell.yaml places camera and wrist as the MJCF of the cell does', () => {
    const xml = cellXml([])
    const numbers = (name: string, attribute: string): number[] => {
      const [, text] = new RegExp(`name="${name}"[^>]* ${attribute}="([^"]*)"`).exec(xml) ?? []
      return (text ?? '0 0 0').split(' ').map(Number)
    }
    const { frames } = parseRobot(shipped('cell.yaml'), 'robots/cell.yaml')
    const rotation = ([r, p, y]: readonly number[]): number[][] => {
      const [cr, sr, cp, sp, cy, sy] = [Math.cos(r), Math.sin(r), Math.cos(p), Math.sin(p), Math.cos(y), Math.sin(y)]
      return [
        [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
        [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
        [-sp, cp * sr, cp * cr],
      ]
    }
    // The camera of MJCF looks along -z with y up. The columns are the x, y and z axes of the optical frame.
    const axes = numbers('color', 'xyaxes')
    const [x, up] = [axes.slice(0, 3), axes.slice(3)]
    const back = [x[1] * up[2] - x[2] * up[1], x[2] * up[0] - x[0] * up[2], x[0] * up[1] - x[1] * up[0]]
    const wanted = {
      camera_color_optical_frame: {
        pos: numbers('color', 'pos'),
        columns: [x, up.map(value => -value), back.map(value => -value)],
      },
      wrist: {
        pos: numbers('wrist', 'pos'),
        columns: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      },
    }
    const tcp = numbers('tcp', 'pos')
    expect(frames.map(({ name, parent }) => [name, parent])).toEqual(Object.keys(wanted).map(name => [name, 'tool0']))
    for (const { name, xyz, rpy } of frames) {
      const { pos, columns } = wanted[name as keyof typeof wanted]
      xyz.forEach((value, i) => expect(value).toBeCloseTo(pos[i] - tcp[i], 9))
      rotation(rpy).forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(columns[j][i], 4)))
    }
  })

  it('real_camera.yaml fits the recording', () => {
    const robot = parseRobot(shipped('real_camera.yaml'), 'robots/real_camera.yaml')
    expect(robot.streams.map(stream => [stream.modality, stream.timeline, stream.tare])).toEqual([
      ['rgb', 'header', 0],
      ['depth', 'header', 0],
      ['force', 'header', 100e6],
      ['voice', 'receive', 0],
    ])
  })

  it('robot.schema.json is current (npx tsx scripts/robot-schema.ts writes it)', () => {
    expect(shipped('robot.schema.json')).toBe(robotJsonSchema())
  })

  it('the reference page has the tables of types and strategies as they are declared (the same script)', () => {
    for (const table of referenceTables()) expect(shipped('../docs/reference/robot-file.md')).toContain(`\n${table}\n`)
  })

  it('the JSON Schema names the required keys', () => {
    const schema = JSON.parse(robotJsonSchema()) as { required: string[]; additionalProperties: boolean }
    expect(schema.required).toEqual(['robot', 'tick', 'streams'])
    expect(schema.additionalProperties).toBe(false)
  })
})

describe('any text', () => {
  it('is read as a robot file or refused with one line', () => {
    const cell = parse(shipped('cell.yaml')) as Record<string, unknown>
    const pathsOf = (value: unknown, path: string[] = []): string[][] =>
      value !== null && typeof value === 'object'
        ? [path, ...Object.entries(value).flatMap(([k, v]) => pathsOf(v, [...path, k]))]
        : [path]
    const paths = pathsOf(cell).filter(path => path.length > 0)
    const odd = fc.oneof(
      fc.constantFrom(
        null,
        '',
        'a\nb',
        'x'.repeat(2000),
        0,
        -1,
        1e300,
        [],
        {},
        '5 m s',
        '1e999 m',
        '__proto__',
        [[]],
        ['', null],
        { from: 3 },
        { window: null },
        'events',
        true,
      ),
      fc.jsonValue(),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        odd,
        fc.option(fc.constantFrom('__proto__', 'constructor', 'toString', 'topic')),
        (path, value, key) => {
          const copy = structuredClone(cell)
          let at = copy
          for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
          Object.defineProperty(at, key ?? path.at(-1) ?? '', {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          })
          try {
            expect(parseRobot(JSON.stringify(copy), 'odd.yaml').sha256).toMatch(/^[0-9a-f]{64}$/)
          } catch (error) {
            if (!(error instanceof RobotError)) throw error
            expect(error.message).toMatch(/^odd\.yaml[^\n\r]*$/)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it.each([
    [
      'an alias bomb',
      'a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c ' +
        '[*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n',
    ],
    ['two documents', 'robot: a\n---\nrobot: b\n'],
    [
      'an unknown tag',
      'robot: !thing a\ntick: { from: rgb }\nstreams: { rgb: { topic: /rgb, type: sensor_msgs/msg/Image } }\n',
    ],
    ['a key that is a map', '? { a: 1 }\n: 2\n'],
    ['a merge key', 'x: &x { from: rgb }\nrobot: a\ntick: { <<: *x }\n'],
    ['binary', '\u0000\u0001\u0002'],
  ])('%s is refused', (_what, text) => {
    const error = errorOf(text)
    expect(error.message).toMatch(/^bench\.yaml[^\n]{1,520}$/)
  })
})

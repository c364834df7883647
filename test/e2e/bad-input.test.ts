import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { SerialPort } from '../../drivers/serial-port.js'
import { openPseudoTerminal } from '../../sim/firmware/pseudo-terminal.js'
import { contractJson, onnxBytes, robotText, tinyModel } from '../policy/onnx-models.js'
import { parseRobot } from '../../robots/robot-file.js'
import { command, commandJson } from './command.js'
import { prehend, python, root, temporaryFolder, type Outcome } from './prehend.js'

const folder = temporaryFolder()
const out = join(folder, 'out')
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const ours = JSON.parse(readFileSync(join(root, 'policy/contract.json'), 'utf8')) as { inputs: { rgbd: object } }
const made = join(folder, 'made')
const chunked = join(folder, 'chunked.mcap')
const silent = join(folder, 'silent.mcap')

/** Expects one line with the reason, exit code 2, no stack trace, nothing on stdout, and no file. */
function expectRefusal({ status, stdout, stderr }: Outcome, says: readonly RegExp[]): void {
  const complaints = stderr
    .trimEnd()
    .split('\n')
    .filter(line => line.startsWith('prehend: '))
  expect(complaints, stderr).toHaveLength(1)
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(complaints[0])
  for (const what of says) expect(complaints[0]).toMatch(what)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(readdirSync(out)).toEqual([])
}

beforeAll(async () => {
  mkdirSync(out)
  await new BagWriter(silent).close()
  python('make_bag.py', made)
  python('rewrite_mcap.py', join(made, 'made.mcap'), chunked, '--compression', 'ZSTD')
})

describe('a bag is refused in one line that names it, and nothing is written', () => {
  const bags: Record<string, { bag: () => string; says: RegExp[] }> = {
    'that is missing': { bag: () => join(folder, 'none.mcap'), says: [/none\.mcap/, /no such bag/] },
    'that is empty': { bag: () => file('empty.mcap', ''), says: [/empty\.mcap/, /empty/] },
    'that is noise': { bag: () => file('noise.mcap', Buffer.alloc(4096, 7)), says: [/noise\.mcap/, /not a bag/] },
    "that is noise behind an MCAP's first bytes": {
      bag: () => file('half-noise.mcap', Buffer.concat([readFileSync(chunked).subarray(0, 8), Buffer.alloc(4096, 7)])),
      says: [/half-noise\.mcap/],
    },
    'that is cut off before its first chunk ends': {
      bag: () => file('stump.mcap', readFileSync(chunked).subarray(0, 3000)),
      says: [/stump\.mcap/, /cut off at byte 3000/],
    },
    "that is noise behind SQLite's first bytes": {
      bag: () => file('noise.db3', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8192, 7)])),
      says: [/noise\.db3/],
    },
    'that has no image topic': {
      bag: () => {
        python('make_bag.py', join(folder, 'no_image'), '--without', 'rgb,depth')
        return join(folder, 'no_image')
      },
      says: [/no_image/, /no image topic/, /\/wrist\/wrench/],
    },
    'that has two colour cameras': {
      bag: () => {
        python('make_bag.py', join(folder, 'two'), '--twice')
        return join(folder, 'two')
      },
      says: [/two/, /\/camera\/color\/image_raw, \/camera2\/color\/image_raw/, /--robot/],
    },
    'that is a folder without one': {
      bag: () => {
        mkdirSync(join(folder, 'nothing'))
        return join(folder, 'nothing')
      },
      says: [/nothing/, /metadata\.yaml/],
    },
  }
  test.each(Object.entries(bags))('%s', async (_name, { bag, says }) => {
    expectRefusal(
      await command([
        'replay',
        bag(),
        '--rate',
        'max',
        '--no-policy',
        '--observations',
        join(out, 'lines.jsonl'),
        '--out',
        join(out, 'copy.mcap'),
      ]),
      says,
    )
  })

  test('whose topic has another type than the robot file says, or one that nobody knows', async () => {
    const odd = join(folder, 'odd')
    python('make_bag.py', odd, '--unknown-type')
    expectRefusal(
      await command(['replay', odd, '--robot', 'real_camera', '--observations', join(out, 'lines.jsonl')]),
      [/\/wrist\/wrench is acme_msgs\/msg\/Strain/, /WrenchStamped/],
    )
    const pose = file(
      'pose.yaml',
      `robot: pose
tick: { from: rgb }
streams:
  rgb: { topic: /camera/color/image_raw, type: sensor_msgs/msg/Image }
  arm: { topic: /wrist/wrench, type: geometry_msgs/msg/PoseStamped, align: interpolate }
`,
    )
    expectRefusal(await command(['replay', made, '--robot', pose, '--observations', join(out, 'lines.jsonl')]), [
      /\/wrist\/wrench is geometry_msgs\/msg\/WrenchStamped/,
      /PoseStamped/,
      /stream arm/,
    ])
  })

  test('and without what the robot ticks from', async () => {
    expectRefusal(
      await command([
        'replay',
        join(folder, 'no_image'),
        '--robot',
        'cell',
        '--observations',
        join(out, 'lines.jsonl'),
      ]),
      [/\/camera\/color\/image_raw/, /does not have/],
    )
  })
})

test('a topic of a type nobody knows is left alone where no stream needs it', async () => {
  const result = await commandJson(['replay', join(folder, 'odd'), '--rate', 'max', '--no-policy'])
  expect(result.observations).toBe(46)
})

test('a bag that is cut in the middle of a chunk is replayed up to there, says so, and ends with exit code 1', async () => {
  const cut = file('cut.mcap', readFileSync(chunked).subarray(0, Math.floor(statSync(chunked).size * 0.6)))
  const lines = join(folder, 'cut.jsonl')
  const { status, stdout, stderr } = await command([
    'replay',
    cut,
    '--rate',
    'max',
    '--no-policy',
    '--json',
    '--observations',
    lines,
  ])
  expect(status).toBe(1)
  expect(stderr).toMatch(/^prehend: .*cut\.mcap: the file is cut off at byte \d+: replayed up to there$/m)
  const { observations, damage } = JSON.parse(stdout) as Record<string, unknown>
  expect(damage).toMatch(/cut off/)
  const got = readFileSync(lines, 'utf8').trimEnd().split('\n')
  expect(got).toHaveLength(observations as number)
  const whole = join(folder, 'whole.jsonl')
  await commandJson(['replay', chunked, '--rate', 'max', '--no-policy', '--observations', whole])
  const all = readFileSync(whole, 'utf8').split('\n')
  expect(got.length).toBeGreaterThan(15)
  // The last observations lack the samples that were cut off.
  expect(got.slice(0, -3)).toEqual(all.slice(0, got.length - 3))
})

describe('a robot file is refused in one line that names the key', () => {
  const files: Record<string, { text: string; says: RegExp[] }> = {
    'with an unknown key, and the nearest known one': {
      text: robotText.replace('max_wait:', 'max_wiat:'),
      says: [/max_wiat/, /did you mean 'max_wait'/],
    },
    'with seconds for a width': {
      text: robotText.replace('[0 mm, 85 mm]', '[0 mm, 85 s]'),
      says: [/limits\.width/, /85 s/, /length/],
    },
    'with a rate of 0': { text: robotText.replace('{ from: rgb }', '{ rate: 0 Hz }'), says: [/tick\.rate/, /0 Hz/] },
    'with two streams on one topic': {
      text: robotText.replace('camera/depth/image_raw', 'camera/color/image_raw'),
      says: [/streams\.depth\.topic/, /\/camera\/color\/image_raw/, /rgb/],
    },
    'with a type that nobody knows': {
      text: robotText.replace('geometry_msgs/msg/WrenchStamped', 'acme_msgs/msg/Strain'),
      says: [/streams\.wrench\.type/, /acme_msgs/],
    },
    'that is not YAML': { text: 'robot: [', says: [/not-a-robot\.yaml/] },
    'that is empty': { text: '', says: [/not-a-robot\.yaml/] },
  }
  test.each(Object.entries(files))('%s', async (_name, { text, says }) => {
    const path = file('not-a-robot.yaml', text)
    expectRefusal(await command(['check', path]), says)
    expectRefusal(
      await command(['run', '--policy', 'expert', '--robot', path, '--record', join(out, 'run.mcap')]),
      says,
    )
  })
})

describe('a policy is refused in one line', () => {
  const withContract = (change: (json: ReturnType<typeof contractJson>) => void): Uint8Array => {
    const json = contractJson()
    change(json)
    return onnxBytes({ ...tinyModel(), metadata: { ...tinyModel(json).metadata } })
  }
  const other = parseRobot(robotText.replace('tare: 200 ms', 'tare: 300 ms'), 'other.yaml')
  const models: Record<string, { model: () => string; says: RegExp[] }> = {
    'that is missing': { model: () => join(folder, 'none.onnx'), says: [/none\.onnx/, /no such file/] },
    'that is no ONNX file': {
      model: () => file('noise.onnx', Buffer.alloc(4096, 7)),
      says: [/noise\.onnx/, /not an ONNX model/],
    },
    'that is cut off': {
      model: () => file('cut.onnx', onnxBytes(tinyModel()).subarray(0, 2000)),
      says: [/cut\.onnx/, /not an ONNX model/],
    },
    'that has no contract': {
      model: () => file('bare.onnx', onnxBytes({ ...tinyModel(), metadata: {} })),
      says: [/bare\.onnx/, /contract/],
    },
    'whose graph breaks its contract, with a list of what differs': {
      model: () =>
        file(
          'broken.onnx',
          withContract(json => {
            json.inputs.force_pyramid.shape = [1, 6, 20]
            json.outputs.gate.shape = [1, 3]
          }),
        ),
      says: [/broken\.onnx/, /force_pyramid/, /gate/],
    },
    'that was made under another translation, with the difference': {
      model: () =>
        file(
          'other.onnx',
          withContract(json => {
            Object.assign(json.robot, { name: other.name, sha256: other.sha256, canonical: other.canonical })
          }),
        ),
      says: [/other\.onnx/, /another translation/, /tare/, /0\.3/, /0\.2/],
    },
  }
  test.each(Object.entries(models))('%s', async (_name, { model, says }) => {
    const path = model()
    expectRefusal(await command(['run', '--lockstep', '--policy', path, '--record', join(out, 'run.mcap')]), says)
    expectRefusal(await command(['eval', '--episodes', '1', '--policy', path]), says)
  })
})

describe('a serial port is refused in one line that names it', () => {
  const withPort = (path: string): string => file('port.yaml', robotText.replace('port: {', `port: { path: ${path},`))
  const RUN = ['run', '--policy', 'expert', '--record', join(out, 'run.mcap'), '--robot']

  test('that does not exist', async () => {
    expectRefusal(await command([...RUN, withPort('/dev/prehend-no-such-port')]), [
      /\/dev\/prehend-no-such-port/,
      /does not exist/,
    ])
  })

  test('that another program holds', async () => {
    const terminal = openPseudoTerminal()
    const holder = new SerialPort({ path: terminal.path })
    await holder.open()
    try {
      expectRefusal(await command([...RUN, withPort(terminal.path)]), [
        new RegExp(terminal.path),
        /held by another program/,
      ])
    } finally {
      await holder.close()
      await terminal.close()
    }
  })

  test('that may not be opened', async () => {
    const terminal = openPseudoTerminal()
    chmodSync(terminal.path, 0o000)
    chmodSync(folder, 0o755)
    chmodSync(out, 0o777)
    try {
      expectRefusal(prehend([...RUN, withPort(terminal.path)], { unprivileged: true }), [
        new RegExp(terminal.path),
        /may not be opened by this user/,
      ])
    } finally {
      await terminal.close()
    }
  })
})

describe('bad use is refused in one line', () => {
  const negative = (): string =>
    file(
      'negative.yaml',
      '- { name: red ball, colour: red, mass: -0.1, friction: 0.5, parts: [{ shape: sphere, size: [0.02] }] }\n',
    )
  const uses: Record<string, { args: () => string[]; says: RegExp[] }> = {
    'an objects file with a negative mass (run)': {
      args: () => [
        'run',
        '--policy',
        'expert',
        '--lockstep',
        '--objects',
        negative(),
        '--record',
        join(out, 'run.mcap'),
      ],
      says: [/negative\.yaml/, /red ball/, /mass/, /-0\.1/],
    },
    'an objects file with a negative mass (eval)': {
      args: () => ['eval', '--policy', 'expert', '--objects', negative()],
      says: [/negative\.yaml/, /mass/],
    },
    'an objects file that is missing': {
      args: () => ['eval', '--policy', 'expert', '--objects', join(folder, 'none.yaml')],
      says: [/none\.yaml/],
    },
    'a modality that is none': { args: () => ['eval', '--without', 'smell'], says: [/smell/, /rgb, depth, force/] },
    'a negative number of episodes': { args: () => ['run', '--episodes', '-3'], says: [/episodes/, /-3/] },
    'a number of episodes that is none': { args: () => ['eval', '--episodes', 'many'], says: [/episodes/, /many/] },
    'a table with nothing on it': { args: () => ['eval', '--count', '0'], says: [/count/, /from 1 to 5/] },
    'more objects on the table than the set has': {
      args: () => [
        'run',
        '--lockstep',
        '--policy',
        'expert',
        '--count',
        '2',
        '--objects',
        file(
          'one.yaml',
          '- { name: red ball, colour: red, mass: 0.1, friction: 0.5, parts: [{ shape: sphere, size: [0.02] }] }\n',
        ),
      ],
      says: [/one\.yaml/, /1 object,/, /2/],
    },
    'a phrase that means "stop"': {
      args: () => ['eval', '--phrases', file('stop.yaml', '- stop at the {name}\n')],
      says: [/stop\.yaml/, /stop at the/, /understood as stop/],
    },
    'a phrase that names no object': {
      args: () => ['eval', '--phrases', file('name.yaml', '- fetch it\n')],
      says: [/name\.yaml/, /fetch it/, /\{name\}/],
    },
    'phrases that are no list': {
      args: () => ['eval', '--phrases', file('list.yaml', 'fetch: it\n')],
      says: [/list\.yaml/, /list of commands/],
    },
    'a phrases file that is missing': {
      args: () => ['eval', '--phrases', join(folder, 'none.yaml')],
      says: [/none\.yaml/],
    },
    'an unknown command': { args: () => ['nonsense'], says: [/nonsense/] },
    'an unknown option': { args: () => ['run', '--nonsense'], says: [/--nonsense/] },
    'a missing argument': { args: () => ['replay'], says: [/bag/] },
    'a rate of 0': { args: () => ['replay', made, '--rate', '0'], says: [/rate/, /0/] },
    'a tare in metres': { args: () => ['replay', made, '--tare', '5 m'], says: [/tare/, /5 m/, /time/] },
    'a source that this version does not have': { args: () => ['run', '--source', 'ros2'], says: [/ros2/] },
    'a precision of a policy that is no ONNX file': {
      args: () => ['eval', '--precision', 'int8', '--policy', 'expert'],
      says: [/--policy expert/, /NAME\.onnx/],
    },
    'a precision that this version does not have': {
      args: () => ['eval', '--precision', 'fp8', '--policy', 'expert'],
      says: [/fp8/],
    },
    'a robot that nobody knows': { args: () => ['check', 'cel'], says: [/'cel'/, /cell/] },
    'a robot file that is missing': { args: () => ['run', '--robot', join(folder, 'none.yaml')], says: [/none\.yaml/] },
    'observations into a place that is a file': {
      args: () => ['replay', made, '--rate', 'max', '--no-policy', '--observations', join(chunked, 'lines.jsonl')],
      says: [/lines\.jsonl/],
    },
    'observations over a folder': {
      args: () => ['replay', made, '--rate', 'max', '--no-policy', '--observations', folder],
      says: [/is a folder/],
    },
    'a recording without a message': {
      args: () => ['replay', silent, '--rate', 'max', '--no-policy'],
      says: [/silent\.mcap/, /no messages/],
    },
    'a copy into a place that is a file': {
      args: () => ['replay', made, '--rate', 'max', '--no-policy', '--out', join(chunked, 'copy.mcap')],
      says: [/copy\.mcap/],
    },
    'a recording into a place that is a file': {
      args: () => ['run', '--policy', 'expert', '--lockstep', '--record', join(chunked, 'run.mcap')],
      says: [/run\.mcap/],
    },
    'a numpy set for a policy with inputs of its own': {
      args: () => [
        'export',
        made,
        '--out',
        join(out, 'set'),
        '--contract',
        file('own.json', JSON.stringify({ ...ours, inputs: { image: { ...ours.inputs.rgbd, as: 'rgbd' } } })),
      ],
      says: [/own\.json/, /rgbd \(rgbd\), force_pyramid \(pyramid\)/],
    },
    'the info of a bag that is missing': { args: () => ['info', join(folder, 'none')], says: [/none/] },
    'the contract of what is no model': {
      args: () => ['policy', 'info', chunked],
      says: [/chunked\.mcap/, /not an ONNX model/],
    },
  }
  test.each(Object.entries(uses))('%s', async (_name, { args, says }) => expectRefusal(await command(args()), says))
})

test('a checkout that is not compiled says what to do', () => {
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/prehend.mjs'), readFileSync(join(root, 'bin/prehend')))
  const { status, stderr } = prehend(['--help'], { bin: join(folder, 'bin/prehend.mjs') })
  expect(status).toBe(2)
  expect(stderr).toMatch(/^prehend: .*npm run setup/)
})

describe('a command of --say that cannot be one', () => {
  const long = `pick the red box ${'please '.repeat(40)}`
  test.each<[what: string, text: string, says: RegExp]>([
    ['is empty', '  ', /^prehend: --say: is empty; say a command such as /],
    ['is too long', long, /^prehend: --say: has 297 characters, and 200 are heard; say it shorter\n/],
    ['names no object', 'pick the moon', /^prehend: --say "pick the moon": names none of the seen objects; they are /],
  ])('%s: run and eval refuse it in one line', async (_what, text, says) => {
    for (const words of [
      ['run', '--lockstep'],
      ['eval', '--episodes', '1'],
    ]) {
      const { status, stdout, stderr } = await command([...words, '--policy', 'expert', '--say', text])
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(says)
      expect(stderr.trimEnd().split('\n').length).toBe(1)
    }
  })
})

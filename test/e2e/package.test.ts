import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { installCommand, PEERS } from '../../peers/peers.js'
import { root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const app = join(folder, 'app')

function inApp(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: app, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The messages of the compiler. `types`: the packages of @types that the project has. */
function typeCheck(file: string, types: readonly string[] = []): string {
  writeFileSync(
    join(app, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        target: 'es2022',
        types,
        typeRoots: types.length === 0 ? [] : [join(root, 'node_modules/@types')],
      },
      files: [file],
    }),
  )
  return spawnSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc')], {
    cwd: app,
    encoding: 'utf8',
  }).stdout
}

let packing: SpawnSyncReturns<string>

/** The files that the README of the package links to. */
const linked = (text: string): string[] => [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target)

/** The packages without which nothing here works, and no others; see docs/decisions/0006. */
const CELL = ['@mujoco/mujoco', '@lydell/node-pty', 'serialport'] as const
/** A recording. */
const PRESS = join(root, 'examples/data/press.mcap')
const INSTALL = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']

/** Bytes that a folder takes on disk. */
const onDisk = (path: string): number =>
  readdirSync(path, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + 512 * lstatSync(join(entry.parentPath, entry.name)).blocks,
    0,
  )

/** Every module that can be imported: the keys of `exports` in package.json. */
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object }
const modules = Object.keys(entries)
  .filter(path => path !== './package.json')
  .map(path => path.replace(/^\./, 'prehend'))

describe('the packed package, installed in an empty folder', () => {
  beforeAll(() => {
    packing = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    })
    const [tarball] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
    mkdirSync(app)
    // As examples/README.md says.
    inApp('npm', 'init', '-y')
    inApp('npm', 'pkg', 'set', 'type=module')
    inApp('npm', ...INSTALL, join(folder, tarball))
  }, 110_000)

  test('takes less than 30 MB, without native code', () => {
    expect(onDisk(join(app, 'node_modules')) / 1e6).toBeLessThan(30)
    const files = readdirSync(join(app, 'node_modules'), { recursive: true, encoding: 'utf8' })
    expect(files.filter(file => file.endsWith('.node'))).toEqual([])
  })

  test('can import every module, with none of the optional packages there', () => {
    for (const name of Object.keys(PEERS)) expect(existsSync(join(app, 'node_modules', name)), name).toBe(false)
    const imports = modules.map(module => `import * as m from '${module}'; console.log(Object.keys(m).length > 0)`)
    const said = imports.map(code => inApp(process.execPath, '--input-type=module', '-e', code))
    expect(said).toEqual(modules.map(() => 'true\n'))
  })

  test.each([
    [
      ['run', '--policy', 'expert', '--lockstep'],
      'prehend: the embedded cell: the packages @mujoco/mujoco, @lydell/node-pty and serialport are not installed: ' +
        'run `npm install @mujoco/mujoco@3 @lydell/node-pty@1 serialport@13`',
    ],
    [
      ['eval', '--episodes', '1'],
      'prehend: the embedded cell and an ONNX policy: the packages @mujoco/mujoco, @lydell/node-pty, serialport, ' +
        'onnxruntime-node and protobufjs are not installed: run `npm install --ignore-scripts @mujoco/mujoco@3 ' +
        '@lydell/node-pty@1 serialport@13 onnxruntime-node@1 protobufjs@8`',
    ],
    [
      ['run', '--source', 'gazebo'],
      "prehend: Gazebo's cell and an ONNX policy: the packages @mujoco/mujoco, @lydell/node-pty, serialport, zeromq, " +
        'protobufjs and onnxruntime-node are not installed: ',
    ],
    [
      ['eval', '--policy', 'expert', '--episodes', '2', '--jobs', '2'],
      'prehend: the embedded cell: the packages @mujoco/mujoco, @lydell/node-pty and serialport are not installed: ',
    ],
    [
      ['eval', '--policy', 'expert', '--report', 'report.html'],
      'prehend: the embedded cell and a report: the packages @mujoco/mujoco, @lydell/node-pty, serialport and sharp ',
    ],
    [
      ['export', 'bag.mcap', '--out', 'set', '--format', 'lerobot', '--pictures', 'png'],
      'prehend: the tables of a LeRobot set and PNG in a LeRobot set: the packages hyparquet-writer and sharp are not ' +
        'installed: run `npm install hyparquet-writer@0.17 sharp@0.35`',
    ],
    [
      ['replay', PRESS, '--rate', 'max', '--policy', 'mine.onnx'],
      'prehend: mine.onnx: the packages onnxruntime-node and protobufjs are not installed: ',
    ],
    [['bench', 'replay'], 'prehend: bench replay: the packages onnxruntime-node and protobufjs are not installed: '],
    [['bench', 'lockstep'], 'prehend: bench lockstep: the packages @mujoco/mujoco, @lydell/node-pty, serialport, '],
    [['bench', 'realtime'], 'prehend: bench realtime: the packages @mujoco/mujoco, @lydell/node-pty, serialport, '],
    [
      ['info', 'bag.db3'],
      'prehend: bag.db3: a .db3 recording: the package libsql is not installed: run `npm install libsql@0.5`',
    ],
    [['world', 'cell.sdf'], 'prehend: MuJoCo: the package @mujoco/mujoco is not installed: '],
    [['eval', '--precision', 'fp32'], 'the npm package brings grasp.int8.onnx alone'],
  ])('says in one line what %j needs, with exit code 2', (args, line) => {
    writeFileSync(join(app, 'bag.db3'), 'SQLite format 3\0')
    const { status, stderr } = spawnSync('npx', ['prehend', ...args], { cwd: app, encoding: 'utf8' })
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(line)
    expect(stderr.match(/^prehend: /gm)).toHaveLength(1)
    expect(status).toBe(2)
  })

  test('replays without the policy, and says why, where its packages are not there', () => {
    const args = ['prehend', 'replay', PRESS, '--rate', 'max', '--json']
    const { status, stdout, stderr } = spawnSync('npx', args, { cwd: app, encoding: 'utf8' })
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^replaying without a policy, alignment alone: .*packages onnxruntime-node and protobufjs are not installed: run/,
    )
    expect(JSON.parse(stdout)).toMatchObject({ policy: null })
    expect(status).toBe(0)
  })

  test('says how to install packages globally, where it is installed globally', () => {
    const prefix = join(folder, 'prefix/lib')
    cpSync(join(app, 'node_modules'), join(prefix, 'node_modules'), { recursive: true })
    const main = join(prefix, 'node_modules/prehend/bin/prehend')
    const { stderr } = spawnSync(main, ['run', '--policy', 'expert', '--lockstep'], { cwd: app, encoding: 'utf8' })
    expect(stderr).toContain('run `npm install -g @mujoco/mujoco@3 @lydell/node-pty@1 serialport@13`')
  })

  test('lists in the doctor what is not installed, and finds nothing wrong', () => {
    const out = inApp('npx', 'prehend', 'doctor')
    for (const [name, purpose] of Object.entries(PEERS)) expect(out).toContain(`${name} (${purpose})`)
    expect(out).not.toContain('WRONG')
    expect(out).not.toContain('npm run')
  })

  test('is packed without a warning of npm', () => expect(packing.stderr).not.toMatch(/npm warn/i))

  test('brings what its README points to, and the peers of its benchmarks', () => {
    const installed = join(app, 'node_modules/prehend')
    const targets = linked(readFileSync(join(installed, 'README.md'), 'utf8'))
    expect(targets.length).toBeGreaterThan(10)
    expect(targets.filter(target => !existsSync(join(installed, target)))).toEqual([])
    for (const peer of ['peer_rosbags.py', 'peer_rclpy.py', 'ros2_publisher.py'])
      expect(existsSync(join(installed, 'bench', peer)), peer).toBe(true)
  })

  test('gives a working npx prehend', () => {
    expect(inApp('npx', 'prehend', '--help')).toMatch(/^Usage: prehend/)
  })

  test.each(modules)('gives typed imports of %s', module => {
    writeFileSync(join(app, 'import.ts'), `export * from '${module}'\n`)
    // Its `SerialPort` is an EventEmitter of Node.
    const types = module === 'prehend/drivers' ? ['node'] : []
    expect(typeCheck('import.ts', types)).toBe('')
  })

  test('runs an example that was copied', () => {
    cpSync(join(app, 'node_modules/prehend/examples/own-policy.ts'), join(app, 'own-policy.ts'))
    const tsx = join(root, 'node_modules/tsx/dist/loader.mjs')
    expect(inApp(process.execPath, '--import', tsx, 'own-policy.ts')).toMatch(/^1 ms: last row dz 0\.000 m\n/)
  })

  test('gives typed imports of the fusion heart', () => {
    writeFileSync(
      join(app, 'use.ts'),
      `import { Aligner, parseRobot, type Observation } from 'prehend'

const robot = parseRobot('robot: mine\\ntick: { from: rgb }\\nstreams:\\n  rgb: { topic: /rgb, type: sensor_msgs/msg/Image }\\n', 'mine')
const seen: Observation[] = []
const aligner = new Aligner(robot, observation => seen.push(observation))
const frame = { width: 1, height: 1, encoding: 'rgb8', step: 3, isBigendian: false, data: new Uint8Array(3) }
aligner.pushFrame(aligner.index('rgb'), 1_000, 1_000, frame)
aligner.finish()
if (seen.length !== 1 || seen[0].mask.rgb !== 1) throw new Error('not aligned')
`,
    )
    expect(typeCheck('use.ts')).toBe('')
    inApp(process.execPath, 'use.js')
    writeFileSync(
      join(app, 'misuse.ts'),
      "import { Aligner } from 'prehend'\nexport const aligner = new Aligner(1, 2)\n",
    )
    expect(typeCheck('misuse.ts')).toMatch(/^misuse\.ts\(2,.*TS2345/)
  }, 180_000)

  test('closes the loop on the embedded cell, once its packages are installed', () => {
    const command = installCommand(CELL).split(' ')
    expect(command.slice(0, 2)).toEqual(['npm', 'install'])
    inApp('npm', ...INSTALL, ...command.slice(2))
    const out = inApp(
      'npx',
      'prehend',
      'run',
      '--policy',
      'expert',
      '--lockstep',
      '--episodes',
      '1',
      '--seed',
      '11',
      '--json',
    )
    const { episodes, observations } = JSON.parse(out) as Record<string, number>
    expect(episodes).toBe(1)
    expect(observations).toBeGreaterThan(50)
  }, 180_000)
})

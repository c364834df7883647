import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const app = join(folder, 'app')

function inApp(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: app, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What the compiler complains of. */
function typeCheck(file: string): string {
  writeFileSync(
    join(app, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { strict: true, module: 'nodenext', target: 'es2022', types: [] },
      files: [file],
    }),
  )
  return spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: app, encoding: 'utf8' })
    .stdout
}

let packing: SpawnSyncReturns<string>

/** The files that the README of the package points to. */
const linked = (text: string): string[] => [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target)

describe('the packed package, installed in an empty folder', () => {
  beforeAll(() => {
    packing = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    })
    const [tarball] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
    mkdirSync(app)
    writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    inApp('npm', 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball))
  }, 110_000)

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

  test('closes the loop on the embedded cell', () => {
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
})

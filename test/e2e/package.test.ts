import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
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
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, module: 'nodenext', target: 'es2022', types: [] }, files: [file] }))
  return spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: app, encoding: 'utf8' }).stdout
}

describe('the packed package, installed in an empty folder', () => {
  beforeAll(() => {
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, stdio: 'pipe' })
    const [tarball] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
    mkdirSync(app)
    writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    inApp('npm', 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball))
  }, 110_000)

  test('gives a working npx prehend', () => {
    expect(inApp('npx', 'prehend', '--help')).toMatch(/^Usage: prehend/)
  })

  test('closes the loop on the embedded cell', () => {
    const out = inApp('npx', 'prehend', 'run', '--policy', 'expert', '--lockstep', '--episodes', '1', '--seed', '11', '--json')
    const { episodes, observations } = JSON.parse(out) as Record<string, number>
    expect(episodes).toBe(1)
    expect(observations).toBeGreaterThan(50)
  })

  test('gives typed imports of the fusion heart', () => {
    writeFileSync(join(app, 'use.ts'), `import { Aligner, parseRobot, type Observation } from 'prehend'

const robot = parseRobot('robot: mine\\ntick: { from: rgb }\\nstreams:\\n  rgb: { topic: /rgb, type: sensor_msgs/msg/Image }\\n', 'mine')
const seen: Observation[] = []
const aligner = new Aligner(robot, observation => seen.push(observation))
const frame = { width: 1, height: 1, encoding: 'rgb8', step: 3, isBigendian: false, data: new Uint8Array(3) }
aligner.pushFrame(aligner.index('rgb'), 1_000, 1_000, frame)
aligner.finish()
if (seen.length !== 1 || seen[0].mask.rgb !== 1) throw new Error('not aligned')
`)
    expect(typeCheck('use.ts')).toBe('')
    inApp(process.execPath, 'use.js')
    writeFileSync(join(app, 'misuse.ts'), 'import { Aligner } from \'prehend\'\nexport const aligner = new Aligner(1, 2)\n')
    expect(typeCheck('misuse.ts')).toMatch(/^misuse\.ts\(2,.*TS2345/)
  }, 180_000)
})

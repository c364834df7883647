import { execFileSync, spawn } from 'node:child_process'
import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startFirmwareHost } from '../../sim/firmware/host.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'
import { partOf } from '../../middleware/output-path.js'
import { prehend, python, root, startInTerminal, startPrehend, temporaryFolder } from './prehend.js'
import { grown, recorded } from './recorded.js'

const folder = temporaryFolder()
/** The action byte of a Robotiq that is activated and has no leave to move. */
const STOP = 0x01
const WRITE_REGISTERS = 0x10

/** A gripper of its own on a pseudo-terminal, and the action byte of every command frame on its wire. */
function gripper() {
  const { path, terminal, firmware, close } = startFirmwareHost({ plant: new SpringPlant(), initial: 'activated' })
  onTestFinished(close)
  const actions: number[] = []
  terminal.onBytes(bytes => {
    if (bytes[1] === WRITE_REGISTERS) actions.push(bytes[7])
    firmware.receive(bytes, reply => terminal.write(reply))
  })
  return { path, actions }
}

/** The motion ended with a stop of gripper and arm, and the recording is whole. */
function expectStopped(actions: readonly number[], recording: string): void {
  expect(actions.at(-1)).toBe(STOP)
  const { poses, targets } = recorded(recording)
  const [last, lastPose] = [targets.at(-1), poses.at(-1)]
  for (const axis of [1, 2, 3]) expect(Math.abs((last?.[axis] ?? NaN) - (lastPose?.[axis] ?? NaN))).toBeLessThan(0.01)
  expect(existsSync(partOf(recording))).toBe(false)
}

describe('in motion', { timeout: 120_000 }, () => {
  const RUN = (port: string, recording: string): string[] => [
    'run',
    '--policy',
    'expert',
    '--seed',
    '11',
    '--episodes',
    '40',
    '--at-most',
    '4 s',
    '--port',
    port,
    '--record',
    recording,
  ]

  test.each([1, 2, 3])(
    'a terminal that goes away is a Ctrl-C: arm and gripper are stopped, the recording gets its name, ' +
      'the exit code is 1 (%i)',
    async run => {
      const { path, actions } = gripper()
      const recording = join(folder, `terminal-${run}.mcap`)
      const { child, end, said } = startInTerminal(RUN(path, recording))
      await said(/hold|moving/)
      await grown(partOf(recording), 3_000_000)
      child.stdin?.write('close\n')
      const { stdout } = await end
      expect(JSON.parse(stdout)).toEqual({ exit: 1, signal: null })
      expectStopped(actions, recording)
    },
  )

  test('a reader of standard error that ends is a Ctrl-C as well', async () => {
    const { path, actions } = gripper()
    const recording = join(folder, 'stderr.mcap')
    const { child, end, said } = startPrehend([...RUN(path, recording), '--json'])
    await said(/starting the cell/)
    child.stderr?.destroy()
    const { status, stdout } = await end
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ guard: { stops: expect.any(Number) as number } })
    expect((JSON.parse(stdout) as { episodes: number }).episodes).toBeLessThan(3)
    expectStopped(actions, recording)
  })

  test('a terminal that takes nothing holds up neither the loop nor its end', async () => {
    const { path, actions } = gripper()
    const recording = join(folder, 'stalled.mcap')
    const { child, end, said } = startInTerminal(RUN(path, recording))
    await said(/hold|moving/)
    child.stdin?.write('hold\n')
    // After some seconds the live view has written far more than a terminal's buffer holds, and the loop still runs.
    await grown(partOf(recording), 12_000_000)
    child.stdin?.write('interrupt\n')
    const { stdout } = await end
    expect(JSON.parse(stdout)).toEqual({ exit: 1, signal: null })
    expectStopped(actions, recording)
  })
})

describe('no command dies of its output', { timeout: 120_000 }, () => {
  const bag = join(folder, 'made')
  const lockstep = join(folder, 'lockstep.mcap')
  const makeBag = (): string => python(readFileSync(join(root, 'test/e2e/make_bag.py'), 'utf8'), bag)
  const leftovers = (): string[] => readdirSync(folder).filter(name => /^(results|lockstep).*part/.test(name))

  test.each([
    ['run', ['run', '--policy', 'expert', '--episodes', '9', '--lockstep', '--record', lockstep, '--json']],
    ['eval', ['eval', '--policy', 'expert', '--episodes', '40', '--results', join(folder, 'results.jsonl'), '--json']],
    [
      'eval with jobs',
      [
        'eval',
        '--policy',
        'expert',
        '--episodes',
        '40',
        '--jobs',
        '2',
        '--results',
        join(folder, 'results-of-jobs.jsonl'),
        '--json',
      ],
    ],
  ])('%s: a reader of standard error that ends: what was done until then is the result', async (_name, args) => {
    const { child, end, said } = startPrehend(args)
    await said(/^(starting|1\/40)/m)
    child.stderr?.destroy()
    const { status, stdout } = await end
    expect(status).toBe(1)
    const { episodes } = JSON.parse(stdout) as { episodes: number }
    expect(episodes).toBeGreaterThan(0)
    expect(episodes).toBeLessThan(30)
    expect(leftovers()).toEqual([])
  })

  test('replay: a reader of standard error that ends: nothing is written', async () => {
    makeBag()
    const { child, end, said } = startPrehend([
      'replay',
      bag,
      '--rate',
      '0.05',
      '--no-policy',
      '--out',
      join(folder, 'copy.mcap'),
      '--json',
    ])
    await said(/robot file/)
    child.stderr?.destroy()
    child.kill('SIGINT')
    const { status, stdout } = await end
    expect([status, stdout]).toEqual([1, ''])
    expect(readdirSync(folder).filter(name => name.startsWith('copy'))).toEqual([])
  })

  test('a full disk under standard output is said, with exit code 1', async () => {
    const child = spawn(process.execPath, ['bin/prehend', 'check', 'cell', '--json'], {
      cwd: root,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(1)
    expect(stderr).toBe('prehend: stdout: no space left on device\n')
  })

  test('a reader of standard output that has enough ends the command quietly', () => {
    const shell = (command: string): string => execFileSync('bash', ['-c', command], { cwd: root, encoding: 'utf8' })
    expect(shell('set -o pipefail; bin/prehend run --help 2>&1 | head -n 1; echo $?')).toBe(
      'Usage: prehend run [options]\n0\n',
    )
    expect(
      shell(
        'bin/prehend check cell >&-; echo $?; bin/prehend check cell 2>&- >/dev/null; echo $?; ' +
          'bin/prehend check cell <&- >/dev/null; echo $?',
      ),
    ).toBe('0\n0\n0\n')
  })

  test('standard input that cannot be read is one that has ended', () => {
    const { status, stderr } = prehend(['run', '--policy', 'expert', '--at-most', '100 ms', '--json'], {
      stdin: openSync('/', 'r'),
    })
    expect(stderr).not.toMatch(/unexpected|^\s+at /m)
    expect(status).toBe(0)
  })
})

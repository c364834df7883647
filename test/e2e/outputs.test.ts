import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { partOf } from '../../middleware/output-path.js'
import { command, commandJson } from './command.js'
import { grown } from './recorded.js'
import { python, root, startPrehend, temporaryFolder, type Outcome } from './prehend.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
const made = at('made')
const RUN = ['run', '--lockstep', '--policy', 'expert', '--seed', '11', '--count', '1', '--episodes', '3']

beforeAll(() => python('make_bag.py', made))

interface Recorded {
  readonly messages: number
  readonly first: bigint
  readonly last: bigint
}

/** What rosbags finds in each recording: how many messages, first and last log time in ns. */
function recordedIn(paths: readonly string[]): Recorded[] {
  const program = `
import json, sys
from pathlib import Path
from rosbags.highlevel import AnyReader
rows = []
for path in sys.argv[1:]:
    with AnyReader([Path(path)]) as reader:
        times = [time for _, time, _ in reader.messages()]
    rows.append([len(times), str(times[0]), str(times[-1])])
print(json.dumps(rows))
`
  const rows = JSON.parse(python(program, ...paths)) as [number, string, string][]
  return rows.map(([messages, first, last]) => ({ messages, first: BigInt(first), last: BigInt(last) }))
}

const recorded = (path: string): Recorded => recordedIn([path])[0]!

/** Runs the command with a limit on the size of files, in kB, as on a full disk. */
function onSmallDisk(kilobytes: number, args: readonly string[]): Outcome {
  return spawnSync('bash', ['-c', `ulimit -f ${kilobytes}; exec "$0" "$@"`, join(root, 'bin/prehend'), ...args], {
    encoding: 'utf8',
    cwd: root,
    timeout: 110_000,
  })
}

function complaint({ status, stderr }: Outcome): string {
  expect(status, stderr).toBe(2)
  expect(stderr.trimEnd().split('\n'), stderr).toHaveLength(1)
  return stderr
}

describe('an output that is there already is refused before anything starts, and stays as it is', () => {
  const outputs: Record<string, (path: string) => readonly string[]> = {
    'run.mcap': path => [...RUN, '--record', path],
    'ros2.mcap': path => ['run', '--source', 'ros2', '--record', path],
    'copy.mcap': path => ['replay', made, '--out', path],
    'lines.jsonl': path => ['replay', made, '--observations', path],
    'results.jsonl': path => ['eval', '--policy', 'expert', '--results', path],
    'report.html': path => ['eval', '--policy', 'expert', '--report', path],
    'world.sdf': path => ['world', path],
    'wrapped.onnx': path => ['policy', 'wrap', 'model.onnx', '--map', 'map.yaml', '--out', path],
  }
  test.each(Object.entries(outputs))('%s', async (name, args) => {
    writeFileSync(at(name), 'mine')
    expect(complaint(await command(args(at(name))))).toBe(
      `prehend: ${at(name)}: is there already; name another, or replace it with --overwrite\n`,
    )
    expect(readFileSync(at(name), 'utf8')).toBe('mine')
    rmSync(at(name))
    writeFileSync(partOf(at(name)), 'half')
    expect(complaint(await command(args(at(name))))).toBe(
      `prehend: ${partOf(at(name))}: is what an earlier writer left unfinished; move it away, or ` +
        'replace it with --overwrite\n',
    )
    expect(readFileSync(partOf(at(name)), 'utf8')).toBe('half')
  })

  test.each([
    ['a set of arrays', 'numpy', 'set/made'],
    ['a LeRobot set', 'lerobot', 'lerobot'],
    ['a folder as a recording', '', 'run'],
  ])('%s', async (_name, format, set) => {
    mkdirSync(at(set), { recursive: true })
    writeFileSync(join(at(set), 'notes.txt'), 'mine')
    const args =
      format === ''
        ? [...RUN, '--record', at(set)]
        : ['export', made, '--format', format, '--out', at(set.split('/')[0]), '--pictures', 'png']
    expect(complaint(await command(args))).toMatch(/is there already; name another, or replace it with --overwrite$/m)
    expect(complaint(await command([...args, '--overwrite']))).toMatch(
      /is a folder with other things in it, which --overwrite leaves alone/,
    )
    expect(readFileSync(join(at(set), 'notes.txt'), 'utf8')).toBe('mine')
    expect(existsSync(`${at(set)}.part`)).toBe(false)
  })

  test('and with --overwrite is replaced, what was left unfinished too; a device is not', async () => {
    writeFileSync(at('cell.sdf'), 'mine')
    writeFileSync(at('cell.sdf.part'), 'half')
    await commandJson(['world', at('cell.sdf'), '--overwrite'])
    expect(readFileSync(at('cell.sdf'), 'utf8')).toMatch(/^<\?xml/)
    expect(readdirSync(folder).filter(name => name.startsWith('cell.sdf'))).toEqual(['cell.sdf'])
    expect(complaint(await command(['world', '/dev/null', '--overwrite']))).toMatch(
      /\/dev\/null: is neither a file nor a folder/,
    )
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })
})

describe('what a command reads is never what it writes over, whatever --overwrite says', () => {
  const [whole, found] = [at('found.mcap'), at('found.part.mcap')]
  beforeAll(async () => {
    await commandJson(['replay', made, '--rate', 'max', '--no-policy', '--out', whole])
    cpSync(whole, found)
    rmSync(whole)
    cpSync(made, at('found'), { recursive: true })
    cpSync(made, at('left.part'), { recursive: true })
  })

  test.each([
    ['an unfinished recording, given the name it would have had', () => ['replay', found, '--out', whole], found],
    ['the recording itself', () => ['replay', found, '--out', found], found],
    ['by another name', () => ['replay', found, '--out', `${folder}/../${basename(folder)}/found.part.mcap`], found],
    ['an unfinished folder', () => ['replay', at('left.part'), '--out', at('left')], at('left.part')],
    [
      'a file of the folder',
      () => [
        'replay',
        at('found'),
        '--out',
        join(at('found'), readdirSync(at('found')).find(name => name.endsWith('.mcap')) ?? ''),
      ],
      at('found'),
    ],
    ['as lines', () => ['replay', found, '--observations', found], found],
    ['the folder of an array set', () => ['export', at('found'), '--out', folder], at('found')],
    [
      'an unfinished LeRobot set',
      () => ['export', at('left.part'), '--format', 'lerobot', '--pictures', 'png', '--out', at('left')],
      at('left.part'),
    ],
  ])('%s', async (_name, args, input) => {
    const size = (path: string): number =>
      statSync(path).isDirectory()
        ? readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
        : statSync(path).size
    const before = size(input)
    for (const more of [[], ['--overwrite']])
      expect(complaint(await command([...args(), ...more]))).toMatch(
        /would take the place of .*, which is read; name another$/m,
      )
    expect(size(input)).toBe(before)
  })
})

test.each([
  ['run', () => [...RUN, '--record', at('taken')]],
  ['lerobot', () => ['export', made, '--format', 'lerobot', '--pictures', 'png', '--out', at('taken')]],
  ['a file', () => ['world', at('taken')]],
])('--overwrite takes away nothing but what such a writer left unfinished: %s', async (_name, args) => {
  mkdirSync(at('taken.part'), { recursive: true })
  writeFileSync(join(at('taken.part'), 'notes.txt'), 'mine')
  expect(complaint(await command([...args(), '--overwrite']))).toMatch(
    /taken\.part: is not what an earlier writer left unfinished, so --overwrite leaves it alone/,
  )
  expect(readFileSync(join(at('taken.part'), 'notes.txt'), 'utf8')).toBe('mine')
})

test('a place where no folder can be made is said in one line', async () => {
  writeFileSync(at('a-file'), 'mine')
  expect(
    complaint(
      await command([
        'export',
        at('found'),
        '--format',
        'lerobot',
        '--pictures',
        'png',
        '--out',
        join(at('a-file'), 'set'),
      ]),
    ),
  ).toMatch(/^prehend: .*a-file.*: cannot be written: E/)
})

test('two runs with one recording: the second is refused, with --overwrite too, and the first is whole', async () => {
  const path = at('one.mcap')
  const first = startPrehend([...RUN, '--record', path])
  await Promise.race([first.end, grown(partOf(path), 100_000)])
  for (const more of [[], ['--overwrite']]) {
    const refused = await command([...RUN, '--record', path, ...more])
    expect(complaint(refused)).toBe(
      `prehend: ${path}: process ${first.child.pid} is writing it (${partOf(path)}); name another\n`,
    )
  }
  const { status, stderr } = await first.end
  expect(status, stderr).toBe(0)
  expect(recorded(path).messages).toBeGreaterThan(1000)
  expect(existsSync(partOf(path))).toBe(false)
}, 120_000)

describe('a disk that takes no more', () => {
  test('ends the run in order: it is said at once, what is there stays and can be read, exit code 1', async () => {
    const path = at('full.mcap')
    const { status, stderr } = onSmallDisk(6000, [...RUN, '--record', path])
    expect(status, stderr).toBe(1)
    const [, said, why] = stderr.trimEnd().split('\n')
    expect(said).toMatch(/full\.mcap: cannot be written: EFBIG.* MB before that are kept in .*full\.part\.mcap$/)
    expect(why).toMatch(/the recording has ended, so the run ends/)
    expect(existsSync(path)).toBe(false)
    expect(statSync(partOf(path)).size).toBeGreaterThan(5e6)
    const { messages, first, last } = recorded(partOf(path))
    expect(messages).toBeGreaterThan(1000)
    expect(last - first).toBeGreaterThan(1_500_000_000n)
    const { damage, messages: count } = await commandJson(['info', partOf(path)])
    expect([damage, count]).toEqual([null, messages])
    expect((await commandJson(['replay', partOf(path), '--rate', 'max', '--no-policy'])).observations).toBeGreaterThan(
      30,
    )
  })

  test('ends a replay with one line, exit code 1', () => {
    const [long, out] = [at('long.mcap'), at('small.mcap')]
    onSmallDisk(4000, [...RUN, '--record', long])
    const replay = onSmallDisk(2500, ['replay', partOf(long), '--rate', 'max', '--no-policy', '--out', out])
    expect([replay.status, replay.stderr]).toEqual([
      1,
      expect.stringMatching(/^prehend: .*small\.mcap: cannot be written: EFBIG.* are kept in .*small\.part\.mcap$/m),
    ])
    expect(recorded(partOf(out)).messages).toBeGreaterThan(10)
    const lines = at('small.jsonl')
    const observations = onSmallDisk(20, ['replay', made, '--rate', 'max', '--no-policy', '--observations', lines])
    expect([observations.status, observations.stderr]).toEqual([
      1,
      expect.stringMatching(/^prehend: .*small\.jsonl: cannot be written: EFBIG.* is kept in .*small\.jsonl\.part$/m),
    ])
    expect(readFileSync(partOf(lines), 'utf8')).toMatch(/^\{"stamp"/)
    expect(observations.stderr + replay.stderr).not.toMatch(/^\s+at /m)
  })
})

test('a model that the disk does not take is no bad use: exit code 1, nothing is left', () => {
  const map = at('map.yaml')
  writeFileSync(
    map,
    JSON.stringify({
      name: 'wrapped',
      outputs: { action_chunk: { rate: 30 } },
      vocabulary: ['<pad>', '<unk>'],
      inputs: {
        rgbd: { as: 'rgbd', from: ['rgb', 'depth'] },
        force_pyramid: { as: 'pyramid', from: 'wrench' },
        voice_tokens: { as: 'tokens', from: 'voice', per_event: 8 },
        voice_age: { as: 'ages', from: 'voice' },
        proprioception: { as: 'vector', from: ['tool', 'gripper'] },
        modality_mask: { as: 'mask', from: ['rgb', 'depth', 'wrench', 'voice'] },
      },
    }),
  )
  const { status, stderr } = onSmallDisk(100, [
    'policy',
    'wrap',
    join(root, 'policy/model/grasp.int8.onnx'),
    '--map',
    map,
    '--out',
    at('small.onnx'),
  ])
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^prehend: .*small\.onnx: cannot be written: EFBIG.*; nothing of it was kept\n$/),
  ])
  expect(readdirSync(folder).filter(name => name.startsWith('small.') && name.endsWith('onnx'))).toEqual([])
})

test('a last write that the disk refuses gives a file no name: one line, exit code 1', () => {
  // The file is smaller than a stream's buffer, so nothing is written before its end.
  const { status, stderr } = onSmallDisk(8, ['world', at('cut.sdf')])
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^prehend: .*cut\.sdf: cannot be written: EFBIG.* is kept in .*cut\.sdf\.part\n$/),
  ])
  expect(existsSync(at('cut.sdf'))).toBe(false)
  expect(statSync(at('cut.sdf.part')).size).toBeLessThanOrEqual(8192)
})

describe('a recording whose writer is killed', () => {
  /** Writes messages with the wall clock as their receive times, of `bytes` each, one every `wait` ms. */
  const WRITER = `
const { BagWriter } = await import(process.argv[1])
const [, , path, bytes, wait] = process.argv
const epochSec = Math.floor(Date.now() / 1000)
const writer = new BagWriter(path, { epochSec })
const data = 'x'.repeat(Number(bytes))
const put = () => {
  writer.write('/w', 'std_msgs/msg/String', { data }, Math.round((performance.timeOrigin + performance.now() - epochSec * 1000) * 1e6))
  setTimeout(put, Number(wait))
}
put()
`

  test.each([
    ['slowly', 10, 5, 6],
    ['at 3 MB a second', 60_000, 20, 6],
  ])('%s, loses no more than its last second, and rosbags reads what is there', async (_how, bytes, wait, kills) => {
    const program = [...['--input-type=module', '-e', WRITER], join(root, 'dist/middleware/bag/bag-writer.js')]
    const paths = Array.from({ length: kills }, (_, kill) => partOf(at(`killed-${bytes}-${kill}.mcap`)))
    // Each run is killed after a different time, ms.
    const killed = await Promise.all(
      paths.map(async (path, kill) => {
        const args = [...program, path.replace('.part', ''), String(bytes), String(wait)]
        const writer = spawn(process.execPath, args, { stdio: 'ignore' })
        const end = new Promise(resolve => writer.on('close', resolve))
        await grown(path, 500)
        await new Promise(resolve => setTimeout(resolve, 300 + 217 * kill))
        const now = performance.timeOrigin + performance.now()
        writer.kill('SIGKILL')
        await end
        return now
      }),
    )
    for (const [kill, { last }] of recordedIn(paths).entries()) {
      expect(killed[kill]! - Number(last / 1_000_000n)).toBeLessThan(1000)
      expect((await commandJson(['info', paths[kill]!])).damage).toBeNull()
      rmSync(paths[kill]!)
    }
  })
})

import { linkSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NumpySet } from '../../app/dataset/numpy-set.js'
import { walk } from '../../app/dataset/walk.js'
import { robotForBag } from '../../app/robot/robot-for-bag.js'
import { openBag } from '../../middleware/bag/bag.js'
import { partOf } from '../../middleware/output-path.js'
import { prehendJson, python, root, startPrehend, temporaryFolder } from './prehend.js'
import { grown, recorded, type Recorded } from './recorded.js'

const folder = temporaryFolder()
const RUN = ['run', '--policy', 'expert', '--seed', '11', '--json']

/** The processes that a process has started: pid and command line. */
function children(of: number): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        return Number(parent) === of
          ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`]
          : []
      } catch {
        return []
      }
    })
}

const travel = (poses: Recorded['poses']): number =>
  poses
    .slice(1)
    .reduce((sum, [, ...at], i) => sum + Math.hypot(...at.map((value, axis) => value - poses[i][axis + 1])), 0)
const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values)

test(
  'Ctrl-C ends the motion first, prints the summary, leaves a whole recording and no process, and ' +
    'ends with exit code 1',
  async () => {
    const recording = join(folder, 'interrupted.mcap')
    const run = startPrehend([...RUN, '--episodes', '3', '--record', recording])
    await run.said(/starting the cell/)
    await grown(partOf(recording), 4_000_000)
    const pid = run.child.pid ?? 0
    const started = children(pid)
    run.child.kill('SIGINT')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(1)
    const summary = JSON.parse(stdout) as Record<string, unknown>
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(summary.episodes).toBe(0)
    expect((summary.guard as { stops: number }).stops).toBeGreaterThan(0)
    expect(stderr).not.toMatch(/^\s+at /m)
    for (const child of started) expect(readdirSync('/proc')).not.toContain(child.split(' ')[0])
    const { counts, poses, targets, widths } = recorded(recording)
    // The last set-point is the measured pose, so the arm does not move further.
    const [last, lastPose] = [targets.at(-1), poses.at(-1)]
    for (const axis of [1, 2, 3]) expect(Math.abs((last?.[axis] ?? NaN) - (lastPose?.[axis] ?? NaN))).toBeLessThan(0.01)
    expect(counts['/wrist/wrench']).toBe(summary.forceSamples)
    expect(counts['/camera/color/image_raw']).toBe(summary.rgbFrames)
    expect(travel(poses)).toBeGreaterThan(0.02)
    expect(widths.length).toBeGreaterThan(10)
    expect(readdirSync(folder).filter(name => name.includes('.part'))).toEqual([])
  },
)

test.each([
  [[...RUN, '--episodes', '2'], /starting the cell/, { episodes: 0 }],
  [
    ['eval', '--policy', 'expert', '--episodes', '40', '--jobs', '2', '--json'],
    /2\/40/,
    { successes: expect.any(Number) as number },
  ],
])(
  "%j: signals that follow at once upon the first, a launcher's and the process group's, change nothing",
  async (args, text, result) => {
    const run = startPrehend(args)
    await run.said(text)
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM', 'SIGINT'] as const) run.child.kill(signal)
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject(result)
  },
)

test('"stop" on standard input stops: nothing moves after it, no episode follows, and none is won', async () => {
  const recording = join(folder, 'stopped.mcap')
  const run = startPrehend([...RUN, '--episodes', '2', '--record', recording])
  await run.said(/starting the cell/)
  await grown(partOf(recording), 4_000_000)
  run.child.stdin?.write('stop\n')
  await run.said(/"resume" goes on/)
  run.child.stdin?.end()
  const { status, stdout, stderr } = await run.end
  expect(status, stderr).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ episodes: 1, successes: 0, failures: { stopped: 1 } })
  const { poses, widths, said } = recorded(recording)
  const [at] = said.find(([, text]) => text === 'stop') ?? [NaN]
  expect(at).toBeGreaterThan(0)
  // The tool moved before. Afterwards tool and fingers come to rest within 0.1 s and stay there.
  expect(travel(poses.filter(([time]) => time < at))).toBeGreaterThan(0.02)
  const after = poses.filter(([time]) => time > at + 0.1)
  expect(after.length).toBeGreaterThan(50)
  for (const axis of [1, 2, 3]) expect(spread(after.map(pose => pose[axis]))).toBeLessThan(0.001)
  expect(spread(widths.filter(([time]) => time > at + 0.1).map(([, width]) => width))).toBeLessThan(0.001)
})

test('"resume" after a stop goes on with the next episode', async () => {
  const recording = join(folder, 'resumed.mcap')
  const run = startPrehend([...RUN, '--episodes', '2', '--record', recording])
  await run.said(/starting the cell/)
  await grown(partOf(recording), 4_000_000)
  run.child.stdin?.write('stop\n')
  await run.said(/"resume" goes on/)
  run.child.stdin?.write('resume\n')
  await run.said(/episode 2: .* (won|lost)/)
  run.child.stdin?.end()
  const { stdout } = await run.end
  expect(JSON.parse(stdout)).toMatchObject({ episodes: 2, failures: { stopped: 1 } })
})

test('"stop" before the first episode keeps it from beginning', async () => {
  const run = startPrehend([...RUN, '--episodes', '1'])
  run.child.stdin?.write('stop\n')
  await run.said(/"resume" goes on/)
  run.child.stdin?.end()
  const { status, stdout } = await run.end
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ episodes: 0, successes: 0 })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s while the cell is being started: the summary all the same',
  async signal => {
    const run = startPrehend([...RUN, '--episodes', '2'])
    await run.said(/starting the cell/)
    run.child.kill(signal)
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ episodes: 0, successes: 0 })
  },
)

test('SIGTERM while Gazebo is waited for ends the wait', async () => {
  const run = startPrehend(['run', '--source', 'gazebo', '--episodes', '1'], {
    ...process.env,
    GZ_IP: '127.0.0.1',
    GZ_PARTITION: `nobody-${process.pid}`,
  })
  await run.said(/starting the cell in gazebo/)
  run.child.kill('SIGTERM')
  const { status, stderr } = await run.end
  expect(stderr).toMatch(/^prehend: interrupted while Gazebo was waited for$/m)
  expect(status).toBe(1)
})

test('an interrupted eval gives the result of what its jobs have done', async () => {
  const run = startPrehend(['eval', '--policy', 'expert', '--episodes', '40', '--jobs', '2', '--json'])
  await run.said(/2\/40/)
  const jobs = children(run.child.pid ?? 0)
  expect(jobs.length).toBe(2)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.end
  expect(status, stderr).toBe(1)
  const { episodes } = JSON.parse(stdout) as { episodes: number }
  expect(episodes).toBeGreaterThanOrEqual(2)
  expect(episodes).toBeLessThan(40)
  expect(stderr).not.toMatch(/^\s+at /m)
  for (const job of jobs) expect(readdirSync('/proc')).not.toContain(job.split(' ')[0])
})

test('a job that dies ends eval at once, and the other job with it', async () => {
  const run = startPrehend(['eval', '--policy', 'expert', '--episodes', '40', '--jobs', '2', '--json'])
  await run.said(/2\/40/)
  const jobs = children(run.child.pid ?? 0).map(job => job.split(' ')[0])
  process.kill(Number(jobs[1]), 'SIGKILL')
  const { status, stdout, stderr } = await run.end
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^prehend: eval: job \d of 2 ended with SIGKILL and no result$/m)
  expect(stderr).not.toMatch(/^\s+at /m)
  // The other process had 20 episodes to run.
  expect(Math.max(...[...stderr.matchAll(/(\d+)\/40/g)].map(([, done]) => Number(done)))).toBeLessThan(20)
  for (const job of jobs) expect(readdirSync('/proc')).not.toContain(job)
})

test.each([
  [
    'a run',
    ['run', '--seed', '11', '--episodes', '9'],
    { episodes: expect.any(Number) as number },
    /the policy has ended, so the run ends/,
  ],
  [
    'a benchmark',
    ['eval', '--episodes', '40'],
    { episodes: expect.any(Number) as number },
    /fault: .*the process of the model ended by itself/,
  ],
  [
    'a benchmark with jobs',
    ['eval', '--episodes', '40', '--jobs', '2'],
    { episodes: expect.any(Number) as number },
    /fault: .*the process of the model ended by itself/,
  ],
])(
  'a model whose process is killed ends %s in order: said once, summary, exit code 1',
  async (name, args, result, said) => {
    const run = startPrehend([...args, '--json'])
    const models = (): string[] => {
      const own = children(run.child.pid ?? 0)
      return [...own, ...own.flatMap(child => children(Number(child.split(' ')[0])))].filter(child =>
        child.includes('inference-program'),
      )
    }
    await run.said(name === 'a run' ? /starting the cell/ : /2\/40/)
    while (models().length === 0) await new Promise(resolve => setTimeout(resolve, 50))
    if (name === 'a run') await new Promise(resolve => setTimeout(resolve, 2000))
    for (const model of models()) process.kill(Number(model.split(' ')[0]), 'SIGKILL')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject(result)
    expect((JSON.parse(stdout) as { episodes: number }).episodes).toBeLessThan(40)
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/^\s+at |unexpected/m)
  },
)

test('an interrupted export says so and leaves no half-written part of a set', async () => {
  const recording = join(folder, 'demonstrated.mcap')
  const made = startPrehend([
    'run',
    '--policy',
    'expert',
    '--lockstep',
    '--at-most',
    '1 s',
    '--demonstrate',
    '--record',
    recording,
    '--json',
  ])
  expect(await made.end.then(({ stderr }) => stderr)).not.toMatch(/unexpected/)
  const names = Array.from({ length: 100 }, (_, i) => join(folder, `demonstrated-${i}.mcap`))
  for (const name of names) linkSync(recording, name)
  const run = startPrehend(['export', ...names, '--out', join(folder, 'set')])
  await run.said(/observations of/)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.end
  expect([status, stdout], stderr).toEqual([1, ''])
  expect(stderr).toMatch(/^prehend: .*: the export was interrupted; nothing of this recording was written$/m)
  // The folder of each recording gets its final name when it is complete.
  const written = readdirSync(join(folder, 'set'))
  expect(written.filter(name => !/^demonstrated-\d+$/.test(name))).toEqual([])
  expect(written.length).toBeLessThan(100)
})

test('a recording that was read in part gives no part of a set, and an older one stays as it is', async () => {
  const recording = join(folder, 'demonstrated.mcap')
  const out = join(folder, 'older')
  prehendJson(['export', recording, '--out', out])
  const contents = (): string[] =>
    [out, join(out, 'demonstrated')].flatMap(place =>
      readdirSync(place)
        .sort()
        .map(name => `${name} ${statSync(join(place, name)).size} ${statSync(join(place, name)).mtimeMs}`),
    )
  const before = contents()
  const bag = await openBag(recording)
  const { robot } = robotForBag(bag, {})
  const set = new NumpySet(out, {
    contract: join(root, 'policy/contract.json'),
    vocabulary: join(root, 'policy/vocabulary.json'),
    recordings: [recording],
    overwrite: true,
  })
  const ending = new AbortController()
  const add = set.add.bind(set)
  set.add = row => {
    add(row)
    if (set.rows === 3) ending.abort()
  }
  await expect(walk(bag, robot, set, { signal: ending.signal })).rejects.toThrow(
    /the export was interrupted; nothing of this recording was written/,
  )
  set.discard()
  await bag.close()
  expect(set.rows).toBe(3)
  expect(contents()).toEqual(before)
})

test('an interrupted replay says so and leaves nothing half-written', async () => {
  const bag = join(folder, 'made')
  python(readFileSync(join(root, 'test/e2e/make_bag.py'), 'utf8'), bag)
  const lines = join(folder, 'lines.jsonl')
  const run = startPrehend([
    'replay',
    bag,
    '--rate',
    '0.05',
    '--no-policy',
    '--observations',
    lines,
    '--out',
    join(folder, 'copy.mcap'),
    '--json',
  ])
  await run.said(/robot file/)
  await grown(partOf(lines), -1)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.end
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/interrupted; nothing was written/)
  expect(readdirSync(folder).filter(name => /lines|copy/.test(name))).toEqual([])
})

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partOf } from '../../middleware/output-path.js'
import { prehend, python, startPrehend } from '../e2e/prehend.js'
import { describeRos, root } from './environment.js'
import { domain } from './processes.js'

/** What rosbags reads: the messages of each topic, in short. */
function read(path: string): Record<string, unknown[]> {
  return JSON.parse(
    python(
      `
import json, sys
from pathlib import Path
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
found = {}
with AnyReader([Path(sys.argv[1])], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
    for connection, receive, data in reader.messages():
        msg = reader.deserialize(data, connection.msgtype)
        name = connection.msgtype.split('/')[-1]
        value = msg.position[0] if name == 'JointState' else msg.linear.x if name == 'Twist' else getattr(msg, 'data', None)
        found.setdefault(connection.topic, []).append(value)
print(json.dumps(found))
`,
      path,
    ),
  ) as Record<string, unknown[]>
}

describeRos('prehend record on ROS 2', () => {
  const env = domain(2)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-record-'))
  const publisher = spawn('python3', [join(root, 'test/ros2/topics_to_record.py')], { env, stdio: 'pipe' })
  const closed = new Promise(resolve => publisher.once('close', resolve))
  beforeAll(() => new Promise(resolve => publisher.stdout.once('data', resolve)))
  afterAll(async () => {
    publisher.stdin.end()
    await closed
    rmSync(folder, { recursive: true, force: true })
  })

  test('takes all topics of any type, also what was said before, and ends whole at Ctrl-C', async () => {
    const out = join(folder, 'all.mcap')
    const run = startPrehend(['record', out, '--all', '--json'], env)
    await run.said(/\/joints \d+ Hz/)
    run.child.kill('SIGINT')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(0)
    const result = JSON.parse(stdout) as { topics: Record<string, { count: number; type: string }>; missing: string[] }
    const found = read(out)
    const positions = found['/joints'] as number[]
    expect(positions.length).toBe(result.topics['/joints'].count)
    expect(positions.length).toBeGreaterThan(100)
    // Not one message between the first and the last is missing, and none came twice.
    expect(positions).toEqual(positions.map((_, i) => positions[0] + i))
    expect(found['/twist'].length).toBeGreaterThan(15)
    expect(new Set(found['/twist'])).toEqual(new Set([0.5]))
    expect(found['/description']).toEqual(['an arm'])
    expect(result.missing).toEqual([])
  })

  test('takes named topics for a time, and ends with 1 where one never came', () => {
    const out = join(folder, 'named')
    const { status, stdout, stderr } = prehend(['record', out, '--topics', '/twist, nobody', '--for', '1 s'], { env })
    expect(status, stderr).toBe(1)
    expect(stdout).toMatch(/nothing came on \/nobody/)
    const found = read(out)
    expect(Object.keys(found)).toEqual(['/twist'])
    expect(Math.abs(found['/twist'].length - 20)).toBeLessThan(8)
  })

  test('leaves nothing and ends with 1 where nothing at all came', () => {
    const out = join(folder, 'nothing.mcap')
    const { status, stdout, stderr } = prehend(['record', out, '--topics', '/nobody', '--for', '500 ms'], { env })
    expect(status, stderr).toBe(1)
    expect(stdout).toBe('nothing was recorded\nnothing came on /nobody\n')
    expect([existsSync(out), existsSync(partOf(out))]).toEqual([false, false])
  })
})

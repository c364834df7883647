import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { python, root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
/** CPU time, s. */
const MOST_TIME = 20
const MOST_MEMORY_MB = 512
/** Of pictures that are each 100 and 67 MB: those that alignment keeps, those being decoded and those that go out. */
const PICTURES_MB = 1100

/** The messages that refuse a bag, or end its reading, because it is too large. */
const SAYS: Readonly<Record<string, RegExp>> = {
  one_gigabyte: /claims to unpack to 1048576031 bytes/,
  one_chunk_3000_times: /its chunks are not where it says/,
  metadata: /its metadata is larger/,
  two_million_messages: /far more than a recording of its size/,
  packed_messages: /far more than a recording of its size/,
  view_of_messages: /no stored tables/,
  view_of_topics: /no stored tables/,
  virtual_table: /no stored tables/,
  computed_column: /columns that are computed/,
  large_message: /message 231 has 300000000 bytes/,
  large_name: /bytes of names/,
  aliases: /alias count/,
  lists_in_lists: /too many values/,
  many_values: /too many values/,
  path_above: /leads out of the folder/,
  path_from_root: /leads out of the folder/,
  link_out: /leads out of the bag's folder/,
  pipe_in_folder: /pipe\.db3: .* a pipe/,
  pipe_as_log: /a\.db3-wal: .* a pipe/,
  pipe_as_metadata: /metadata\.yaml: .* a pipe/,
  pipe: /a pipe/,
  device: /a device/,
  robot_pipe: /a pipe/,
  robot_device: /a device/,
  model_pipe: /a pipe/,
  objects_device: /a device/,
  nested: /packed twice/,
  window: /needs a window of/,
}

test('what claims far more than it holds, or is no file, takes no more than 20 s and 512 MB and ends in one line', {
  timeout: 600_000,
}, () => {
  const commands = JSON.parse(python('hostile_bags.py', join(folder, 'bags'))) as [name: string, args: string[]][]
  const input = JSON.stringify(commands.map(([, args]) => [join(root, 'bin/prehend'), ...args]))
  const answer = execFileSync(join(root, '.venv/bin/python'), [join(root, 'test/e2e/run_measured.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const told = (JSON.parse(answer) as [status: number, seconds: number, megabytes: number, output: string][]).map(
    (row, i) => [commands[i][0].replace(/\..*$/, ''), ...row] as const,
  )
  for (const [name, status, seconds, megabytes, output] of told) {
    const last = output.trimEnd().split('\n').at(-1) ?? ''
    expect(
      [
        name,
        seconds < MOST_TIME,
        megabytes < (name === 'large_pictures' ? PICTURES_MB : MOST_MEMORY_MB),
        [0, 1, 2].includes(status),
        /unexpected|^\s+at /m.test(output),
      ],
      `${seconds} s, ${megabytes} MB: ${output.slice(-500)}`,
    ).toEqual([name, true, true, true, false])
    const says = SAYS[name] as RegExp | undefined
    if (says) expect([name, last]).toEqual([name, expect.stringMatching(says)])
  }
  expect(told.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(SAYS)))
})

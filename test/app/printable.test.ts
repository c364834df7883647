import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { colours } from '../../app/output/terminal-colour.js'
import { jsonLine, printable } from '../../app/output/printable.js'
import { command } from '../e2e/command.js'
import { python, startInTerminal } from '../e2e/prehend.js'

/**
 * Moves the cursor, clears, paints, sets the title, ends the line, draws right to left, hides; in ASCII, C1 and beyond.
 */
const HOSTILE = [
  '\u001b[2J\u001b[H',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\r\nprehend: forged',
  '\u009b2J',
  '\u202eeman',
  '\u2066x\u2069',
  '\u2028',
  '\u200b',
  '\u{e0041}',
  '\ud800',
  '\u007f\b',
]

describe('a printable line', () => {
  test.each(HOSTILE)('%j is shown as escapes', text => {
    const line = printable(`topic /a${text}: is broken`)
    expect(line).toMatch(/^topic \/a.*: is broken$/)
    expect(line).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e007f}\ud800-\udfff]/u,
    )
  })

  test('leaves what people write as it is', () => {
    const text = 'größe 把红色的拿起来 میخواهم 👩‍🔧 °µ²✔✘…▏█░ → -> C:\\new'
    expect(printable(text)).toBe(text)
  })

  test('whatever it holds, it is one line without control characters, and not long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(200), (text, times) => {
        const line = printable(text.repeat(times))
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u)
        expect(line.length).toBeLessThan(60_000)
      }),
    )
  })

  test('keeps both ends of a very long text', () => {
    const line = printable(`prehend: /${'x'.repeat(10_000_000)}: is too long; rename it`)
    expect(line).toMatch(/^prehend: \/x+ … \(\d+ characters\) … x+: is too long; rename it$/)
    expect(line.length).toBeLessThan(4000)
  })

  test('colours are ours alone', () => {
    const { red, bold } = colours(true)
    expect(printable(`${red('a\u001b[32mb')} ${bold('c')}`)).toBe(
      '\u001b[31ma\\x1b[32mb\u001b[39m \u001b[1mc\u001b[22m',
    )
    expect(printable(bold('x'.repeat(5000)))).not.toContain('\u001b')
    expect(colours(false).red('a')).toBe('a')
  })
})

test('an object is one line of JSON without control characters, and reads back as it was', () => {
  const object = Object.fromEntries(HOSTILE.map((text, i) => [`${i}${text}`, text]))
  const line = jsonLine(object)
  expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|[\u200b\u202a-\u202e\u2066-\u2069]/u)
  expect(JSON.parse(line)).toEqual(object)
})

describe('the command, on names from outside', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-printable-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const forged = 'x\u001b[2J\r\nprehend: everything is fine\u202e\u009b31m'
  const steers = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/

  test('topics and types of a recording', async () => {
    const bag = join(folder, 'hostile.mcap')
    python(
      `
import sys
from mcap.writer import Writer
with open(sys.argv[1], 'wb') as out:
    writer = Writer(out)
    writer.start(profile='ros2', library='test')
    schema = writer.register_schema(name='a/msg/' + sys.argv[2], encoding='ros2msg', data=b'')
    channel = writer.register_channel('/' + sys.argv[2], 'cdr', schema)
    writer.add_message(channel, 1_000_000_000, b'\\0\\1\\0\\0', 1_000_000_000)
    writer.add_metadata('prehend', {'robot' + sys.argv[2]: sys.argv[2]})
    writer.finish()
`,
      bag,
      forged,
    )
    for (const args of [
      ['info', bag],
      ['info', bag, '--json'],
      ['replay', bag, '--no-policy', '--rate', 'max'],
    ]) {
      const { stdout, stderr } = await command(args)
      for (const text of [stdout, stderr]) {
        expect(text, args[0]).not.toMatch(steers)
        expect(text, args[0]).not.toMatch(/^prehend: everything is fine/m)
      }
      expect(stdout + stderr, args[0]).toContain('everything is fine')
    }
  })

  test.each([
    ['--say', ['run', '--say', forged]],
    ['an option', ['run', `--${forged}`]],
    ['a command', [forged]],
    ['a file', ['info', forged]],
    ['a value', ['run', '--seed', forged]],
    ['a serial port', ['run', '--policy', 'expert', '--lockstep', '--port', `/dev/${forged}`]],
  ])('%s', async (_what, args) => {
    const { status, stderr } = await command(args)
    expect(status).toBe(2)
    expect(stderr).not.toMatch(steers)
    expect(stderr).toContain('everything is fine')
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .filter(line => line.startsWith('prehend:')),
    ).toHaveLength(1)
  })

  test('a robot file', async () => {
    const file = join(folder, 'hostile.yaml')
    writeFileSync(file, `robot: "x\\x1b[2J\\nprehend: everything is fine"\n"str\\x1b[31meams": {}\n`)
    const { status, stderr } = await command(['check', file])
    expect(status).toBe(2)
    expect(stderr).not.toMatch(steers)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('on a terminal with colours, the colours are ours alone', async () => {
    const { child, end } = startInTerminal([
      'run',
      '--policy',
      'expert',
      '--lockstep',
      '--at-most',
      '100 ms',
      '--say',
      'pick the red box\u001b[2J\u001b[35m',
    ])
    const { stdout, stderr } = await end
    child.stdin?.end()
    expect(JSON.parse(stdout)).toMatchObject({ signal: null })
    expect(stderr).toContain('\\x1b[2J\\x1b[35m')
    expect(stderr.replace(/\u001b\[(?:1|2|22|3[1236]|39)m/g, '')).not.toMatch(/\u001b/)
  })
})

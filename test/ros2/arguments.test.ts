import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { matches, nodeName, parameterOverrides, withoutParameters } from '../../middleware/ros2/ros-arguments.js'
import { describeRos, root } from './environment.js'
import { domain } from './processes.js'

const folder = mkdtempSync(join(tmpdir(), 'prehend-arguments-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function file(text: string): string {
  const path = join(folder, `${files++}.yaml`)
  writeFileSync(path, text)
  return path
}

const given = (name: string, argv: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(parameterOverrides(argv, nodeName(argv, name)))

describe('ROS arguments', () => {
  test('name and namespace: the first rule that fits counts', () => {
    expect(nodeName(['x', '--ros-args'], 'fusion')).toEqual({ name: 'fusion', namespace: '/' })
    expect(
      nodeName(['x', '--ros-args', '-r', '__node:=a', '--remap', '__ns:=/arm', '-r', '__node:=b'], 'fusion'),
    ).toEqual({ name: 'a', namespace: '/arm' })
    expect(
      nodeName(['--ros-args', '-r', 'control:__node:=a', '-r', 'fusion:__name:=b', '--', '-r', '__ns:=/arm'], 'fusion'),
    ).toEqual({ name: 'b', namespace: '/' })
  })

  test('every type by -p; a value that is no YAML is a text', () => {
    const rules = {
      flag: 'yes',
      count: '-5',
      hex: '0x1F',
      rate: '1e3',
      inf: '-.inf',
      text: '"5"',
      path: '/dev/tty USB: 0',
      flags: '[true, off]',
      counts: '[1, 2]',
      rates: '[1, 2.5]',
      texts: '[a, "1"]',
      none: '[]',
      empty: '',
    }
    const argv = ['--ros-args', ...Object.entries(rules).flatMap(([name, text]) => ['-p', `${name}:=${text}`])]
    expect(given('fusion', argv)).toEqual({
      flag: true,
      count: -5n,
      hex: 31n,
      rate: 1000,
      inf: -Infinity,
      text: '5',
      path: '/dev/tty USB: 0',
      flags: [true, false],
      counts: [1n, 2n],
      rates: [1n, 2.5],
      texts: ['a', '1'],
      none: [],
      empty: '',
    })
  })

  test.each([
    ['/**', '/arm/control', true],
    ['control', '/control', true],
    ['control', '/arm/control', false],
    ['/arm/control', '/arm/control', true],
    ['/*/control', '/arm/control', true],
    ['/*/control', '/control', false],
    ['/**/control', '/control', true],
    ['/arm/**', '/arm/left/control', true],
    ['/arm.left/control', '/armXleft/control', false],
    ['*', '/control', true],
    ['**', '/a/b', true],
  ])('section %s of node %s: %s', (section, whole, wanted) => expect(matches(section, whole)).toBe(wanted))

  test("a section of another namespace with the same last part is not this node's", () => {
    const path = file(
      '/left/control:\n  ros__parameters: {port: a}\n/right/control:\n  ros__parameters: {port: b, speed_scale: 0.5}\n',
    )
    expect(given('control', ['--ros-args', '--params-file', path, '-r', '__ns:=/left'])).toEqual({ port: 'a' })
  })

  test('rcl gets all arguments but the parameters', () => {
    expect(
      withoutParameters([
        'node',
        '-p',
        'x',
        '--ros-args',
        '-r',
        'a:=b',
        '-p',
        'x:=1',
        '--params-file',
        'f',
        '--log-level',
        'info',
        '--',
        '-p',
        'y',
      ]),
    ).toEqual(['node', '-p', 'x', '--ros-args', '-r', 'a:=b', '--log-level', 'info', '--', '-p', 'y'])
  })

  test.each([
    [
      'a file that is not there',
      () => ['--params-file', join(folder, 'none.yaml')],
      /--params-file .*none\.yaml: cannot be read: ENOENT/,
    ],
    ['no YAML', () => ['--params-file', file('a: [')], /cannot be read/],
    ['no sections', () => ['--params-file', file('a: 5')], /a: expected sections with ros__parameters/],
    ['no value', () => ['--params-file', file('a:\n  ros__parameters:\n    x:\n')], /x: has no value/],
    [
      'an alias',
      () => ['--params-file', file('a:\n  ros__parameters: {x: &v 1, y: *v}\n')],
      /y: aliases are not supported/,
    ],
    ['no value in a rule', () => ['-p', 'x=5'], /-p x=5: expected NAME:=VALUE/],
    ['nothing', () => ['-p'], /-p: nothing follows it/],
  ])('%s is refused with its reason', (_name, args, reason) =>
    expect(() => given('a', ['--ros-args', ...args()])).toThrow(reason),
  )
})

describeRos('parameters, as rclpy reads them too', () => {
  interface Answer {
    readonly fqn: string
    readonly parameters: Record<string, [string, unknown]>
  }
  const ask = (cases: readonly (readonly [string, readonly string[]])[]): (Answer | string)[] =>
    JSON.parse(
      execFileSync('python3', [join(root, 'test/ros2/overrides.py')], {
        env: domain(2),
        input: JSON.stringify(cases),
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    ) as (Answer | string)[]

  /** Our value in the form in which overrides.py writes that of rclpy. */
  function typed(value: unknown): [string, unknown] {
    if (Array.isArray(value)) return [`${typed(value[0])[0]}_array`, value.map(one => typed(one)[1])]
    if (typeof value === 'boolean') return ['bool', value]
    if (typeof value === 'bigint') return ['integer', String(value)]
    if (typeof value === 'number')
      return ['double', Number.isNaN(value) ? 'nan' : Number.isFinite(value) ? value : value > 0 ? 'inf' : '-inf']
    return ['string', value]
  }

  /** Expects that we take the same values, where rclpy takes the arguments. */
  function compare(cases: readonly (readonly [string, readonly string[]])[], share: number): void {
    const answers = ask(cases)
    let taken = 0
    answers.forEach((answer, i) => {
      if (typeof answer === 'string') return
      taken++
      const [name, argv] = cases[i]
      const { name: last, namespace } = nodeName(argv, name)
      expect([argv, `${namespace === '/' ? '' : namespace}/${last}`]).toEqual([argv, answer.fqn])
      const ours = Object.fromEntries(
        Object.entries(given(name, argv)).map(([parameter, value]) => [parameter, typed(value)]),
      )
      expect([argv, ours]).toEqual([argv, answer.parameters])
    })
    expect(taken).toBeGreaterThan(cases.length * share)
  }

  test('every kind of scalar, in a file and in a rule', () => {
    const scalars = [
      'yes',
      'y',
      'on',
      'TRUE',
      'tRUE',
      'n',
      'off',
      'No',
      '010',
      '08',
      '0o17',
      '0x1F',
      '0X1f',
      '0x',
      '0b101',
      '1_000',
      '1:30',
      '1e3',
      '1.',
      '.5',
      '.',
      '-.5e-3',
      '+5',
      '-5',
      '-0',
      '- 5',
      '0',
      '00',
      'null',
      '~',
      '""',
      "''",
      '2024-01-01',
      '2001-12-14t21:59:43.10-05:00',
      'inf',
      'INF',
      '-inf',
      'infinity',
      'Infinity',
      'nan',
      '-nan',
      'NaN',
      '.inf',
      '-.Inf',
      '+.INF',
      '.iNF',
      '.nan',
      '.NaN',
      '+.nan',
      '-.nan',
      '0x1.8p1',
      '0x1p-2',
      '-0x.8p1',
      '9223372036854775807',
      '9223372036854775808',
      '-9223372036854775808',
      '-9223372036854775809',
      '0xffffffffffffffff',
      '1e400',
      '-1e400',
      '1e-400',
      '0e-400',
      '1e308',
      '!!str 5',
      '!!int 5',
      '!!float 5',
      '!!bool yes',
      '"5"',
      "'yes'",
      '"a\\nb"',
      'hello world',
      'a #x',
      'a#x',
      '/dev/ttyUSB0',
      'C:\\x',
      '=',
      '<<',
      '1,5',
      '1e',
      'e5',
      '0x1g',
      '5 ',
      '[1, 2]',
      '[true, no]',
      '[1.0, .nan, 2.5e3]',
      '[ "a", \'b\', c]',
      '["1", 2x]',
      '[1,\n      2]',
      '>-\n      5',
      '|\n      text\n      more',
      'two\n      lines',
    ]
    const cases = scalars.flatMap(text => [
      [
        'control',
        ['--ros-args', '--params-file', file(`/**:\n  ros__parameters:\n    x: ${text}\n    z: 1\n`)],
      ] as const,
      ...(text.includes('\n') ? [] : [['control', ['--ros-args', '-p', `x:=${text}`]] as const]),
    ])
    compare(cases, 0.9)
  })

  test('sections, scopes, names, namespaces, order: files and rules at random', () => {
    const namespace = fc.constantFrom('', '/arm', '/arm/left')
    const name = fc.constantFrom('control', 'fusion')
    const section = fc.oneof(
      fc.constantFrom(
        '"/**"',
        'control',
        '/control',
        'fusion',
        'other',
        '"/*"',
        '"*"',
        '"**"',
        '"/*/control"',
        '"/**/control"',
        '/arm/control',
        '/arm/left/control',
        'arm/control',
        '"/arm/**"',
        '"/arm/*/fusion"',
        '"/*/*/*"',
        '/right/control',
      ),
    )
    const scalar = {
      a: fc.boolean().map(String),
      b: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      'c.d': fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter(n => n === 0 || Math.abs(n) > 1e-300)
        .map(n => n.toExponential()),
      'c.e': fc
        .string({ unit: 'grapheme', maxLength: 12 })
        .filter(text => !text.includes('\0'))
        .map(text => JSON.stringify(text)),
    }
    const list = (of: fc.Arbitrary<string>) =>
      fc.array(of, { minLength: 1, maxLength: 4 }).map(items => `[${items.join(', ')}]`)
    // Each parameter has one type. Of two values of different types in one section rcl keeps both, and their types
    // decide which one it takes.
    const values = {
      ...scalar,
      long_name: list(scalar.a),
      'l.b': list(scalar.b),
      'l.d': list(scalar['c.d']),
      'l.e': list(scalar['c.e']),
    }
    const entry = fc.oneof(
      ...Object.entries(values).map(([key, text]) => text.map((one): [string, string] => [key, one])),
    )
    const paramsFile = fc
      .array(fc.tuple(section, fc.uniqueArray(entry, { selector: ([key]) => key, minLength: 1, maxLength: 3 })), {
        minLength: 1,
        maxLength: 4,
      })
      .map(sections => [
        '--params-file',
        file(
          sections
            .map(
              ([at, values]) =>
                `${at}:\n  ros__parameters:\n${values.map(([key, text]) => `    ${key}: ${text}\n`).join('')}`,
            )
            .join(''),
        ),
      ])
    const rule = fc
      .tuple(fc.constantFrom('', 'control:', 'fusion:', 'other:'), entry)
      .map(([scope, [key, text]]) => ['-p', `${scope}${key}:=${text}`])
    const remap = fc.constantFrom(
      ['-r', '__node:=renamed'],
      ['-r', 'control:__node:=fusion'],
      ['-r', 'other:__node:=no'],
      ['--remap', '__ns:=/arm'],
      ['-r', '/a:=/b'],
      ['--log-level', 'info'],
    )
    const argv = fc
      .tuple(
        namespace,
        fc.array(
          fc.oneof(
            { weight: 4, arbitrary: paramsFile },
            { weight: 4, arbitrary: rule },
            { weight: 1, arbitrary: remap },
          ),
          { maxLength: 6 },
        ),
      )
      .map(([ns, parts]) => ['--ros-args', ...(ns === '' ? [] : ['-r', `__ns:=${ns}`]), ...parts.flat()])
    compare(fc.sample(fc.tuple(name, argv), { numRuns: 150, seed: 11 }), 0.9)
  })
})

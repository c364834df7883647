import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { understand } from '../../sim/embedded/instruction.js'
import { loadObjects, parseObjects } from '../../sim/objects/object-file.js'
import { SimError } from '../../sim/sim-error.js'
import { root } from '../e2e/prehend.js'

const good =
  '{ name: red box, colour: red, mass: 0.2, friction: 0.6, parts: [{ shape: box, size: [0.02, 0.02, 0.03] }] }'

function failure(text: string): SimError {
  try {
    parseObjects(text, 'my.yaml')
  } catch (error) {
    if (error instanceof SimError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('an objects file', () => {
  test('is read as the design writes it', () => {
    expect(parseObjects(`- ${good}`, 'my.yaml')).toMatchObject([
      {
        name: 'red box',
        mass: 0.2,
        friction: 0.6,
        crush: Infinity,
        parts: [{ shape: 'box', pos: [0, 0, 0], quat: [1, 0, 0, 0] }],
      },
    ])
  })

  test('has the colours that the policy knows by the same words to a fiftieth, and practises with', () => {
    const names =
      /one of (.*)$/.exec(failure(`- ${good.replace('colour: red', 'colour: none')}`).message)?.[1].split(', ') ?? []
    const read = (file: string): string => readFileSync(join(root, 'policy', file), 'utf8')
    const known = JSON.parse(read('colours.json')) as Record<string, number[]>
    for (const name of names) {
      const [
        {
          parts: [{ rgb }],
        },
      ] = parseObjects(`- ${good.replace('colour: red', `colour: ${name}`)}`, 'my.yaml')
      expect(Math.max(...rgb.map((share, i) => Math.abs(share - known[name][i]))), name).toBeLessThan(0.02)
    }
    const [, practised = ''] = /^NAMED = \[(.*?)^\]/ms.exec(read('training/practice.py')) ?? []
    expect([...names].sort()).toEqual([...practised.matchAll(/'(\w+)'/g)].map(([, name]) => name).sort())
  })

  test.each([
    ['mass: 0.2', 'mass: -0.2', /object "red box": mass: must be greater than 0, got -0.2/],
    ['mass: 0.2', 'mass: heavy', /object "red box": mass: expected a number/],
    ['mass: 0.2', 'mass: [0.5, 0.1]', /object "red box": mass: the range/],
    ['friction: 0.6', 'friction: 0', /object "red box": friction: must be greater than 0/],
    ['friction: 0.6', 'grip: 0.6', /object "red box": (friction|grip)/],
    ['colour: red', 'colour: reddish', /object "red box": colour: expected #rrggbb or one of red/],
    ['colour: red', 'colour: constructor', /object "red box": colour: expected #rrggbb or one of red/],
    [
      'shape: box,',
      'shape: box, colour: crimson,',
      /object "red box": parts\[0\]\.colour: expected #rrggbb or one of red/,
    ],
    [
      'name: red box',
      'name: red door stop',
      /object "red door stop": name: must not have a word in it that means stop/,
    ],
    ['name: red box', 'name: stop sign', /object "stop sign": name: must not have a word in it that means stop/],
    ['name: red box', 'name: "—"', /object "—": name: must be of words in the letters a to z/],
    ['name: red box', 'name: Øre box', /object "Øre box": name: must be of words in the letters a to z/],
    ['name: red box', 'name: 赤い box', /object "赤い box": name: must be of words/],
    ['shape: box', 'shape: cone', /object "red box": parts\[0\]\.shape: expected box, cylinder/],
    ['[0.02, 0.02, 0.03]', '[0.02, 0.03]', /object "red box": parts\[0\]\.size: has the wrong number/],
    ['[0.02, 0.02, 0.03]', '[0.02, -0.02, 0.03]', /object "red box": parts\[0\]\.size/],
    ['[0.02, 0.02, 0.03]', '[20, 20, 30]', /object "red box": parts\[0\]\.size: is in metres/],
  ])('says in one line what is wrong: %s -> %s', (from, to, message) => {
    const error = failure(`- ${good.replace(from, to)}`)
    expect(error.code).toBe('OBJECTS_INVALID')
    expect(error.exit).toBe(2)
    expect(error.message).toMatch(/^my\.yaml: /)
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('\n')
  })

  test('has names that the judge understands in commands and in corrections', () => {
    const named = (...names: string[]): ReturnType<typeof parseObjects> =>
      parseObjects(names.map(name => `- ${good.replace('red box', `"${name}"`)}`).join('\n'), 'my.yaml')
    const written = ['L-bracket', "child's block", 'top sign', 'Red  Box', 'bin #2', 'Rück_wand']
    const objects = named(...written)
    expect(objects.map(({ name }) => name)).toEqual([
      'L bracket',
      'child s block',
      'top sign',
      'Red Box',
      'bin #2',
      'Ruck wand',
    ])
    objects.forEach(({ name }, i) => {
      // An accent is not heard.
      for (const word of [name, ...(name === 'Ruck wand' ? [] : [written[i]])]) {
        for (const said of [`pick the ${word}`, `no, the ${word}`, `gently take the ${word}, please`])
          expect(understand(said, objects), said).toMatchObject({ kind: 'target', name })
      }
    })
    expect(() => named('red box', 'Red-Box')).toThrow(/object "Red-Box": name: is given twice/)
  })

  test('may paint a part otherwise', () => {
    const [object] = parseObjects(`- ${good.replace('shape: box,', 'shape: box, colour: "#ff0080",')}`, 'my.yaml')
    expect(object.parts[0].rgb).toEqual([1, 0, 128 / 255])
  })

  test.each([
    ['', 'list'],
    ['[]', 'empty'],
    ['{', 'YAML'],
    [`- ${good}\n- ${good}`, 'twice'],
  ])('refuses %j', (text, word) => {
    expect(failure(text).message).toContain(word)
  })

  test('that is not there is refused by name', () => {
    expect(() => loadObjects('no/such.yaml')).toThrow(expect.objectContaining({ code: 'OBJECTS_MISSING', exit: 2 }))
  })

  test('ships 12 seen and 8 unseen objects at least, with no name in both', () => {
    const seen = loadObjects('seen').map(({ name }) => name)
    const unseen = loadObjects('unseen').map(({ name }) => name)
    expect(seen.length).toBeGreaterThanOrEqual(12)
    expect(unseen.length).toBeGreaterThanOrEqual(8)
    expect(unseen.filter(name => seen.includes(name))).toEqual([])
    const words = new Set(seen.map(name => name.split(' ')[1]))
    expect(unseen.filter(name => words.has(name.split(' ')[1]))).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { parseContract } from '../../policy/contract/contract.js'
import { checkModelMap, readMap } from '../../policy/contract/model-map.js'
import { parseRobot } from '../../robots/robot-file.js'
import { parseObjects } from '../../sim/objects/object-file.js'
import { contractJson, robotText } from '../policy/onnx-models.js'

const parseModelMap = (text: string, where: string) => checkModelMap(readMap(text, where), where)

/** The message that a user reads. */
function said(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}

const LONG = 'x'.repeat(20_000)
/** Messages of the validator where the schema gives none. */
const RAW =
  /Invalid input|Unrecognized key|Invalid option|Invalid key|Too small|Too big|Invalid string|expected (string|array|object|record|tuple|int)\b/

describe('a mistake is reported in one short line: where, what was expected, what was found', () => {
  const robot = (text: string) => () => parseRobot(text, 'my.yaml')
  const replaced = (from: string | RegExp, to: string): string => {
    const text = robotText.replace(from, to)
    if (text === robotText) throw new Error(`${from} is not in the robot file`)
    return text
  }
  const contract = (change: Record<string, unknown>) => () =>
    parseContract({ ...(JSON.parse(JSON.stringify(contractJson())) as object), ...change }, 'my.onnx')
  const input = (change: Record<string, unknown>) =>
    contract({
      inputs: { rgbd: { as: 'rgbd', dtype: 'float32', shape: [1, 4, 6, 8], from: ['rgb', 'depth'], ...change } },
    })
  const chunk = (change: Record<string, unknown>) => {
    const { outputs } = JSON.parse(JSON.stringify(contractJson())) as { outputs: { action_chunk: object } }
    return contract({ outputs: { ...outputs, action_chunk: { ...outputs.action_chunk, ...change } } })
  }
  const map =
    (outputs: object, more: object = {}) =>
    () =>
      parseModelMap(
        JSON.stringify({ name: 'act', inputs: { image: { as: 'image', from: 'rgb' } }, outputs, ...more }),
        'map.yaml',
      )
  const objects = (change: object) => () =>
    parseObjects(
      JSON.stringify([
        {
          name: 'red box',
          colour: 'red',
          mass: 0.1,
          friction: 1,
          parts: [{ shape: 'box', size: [0.02, 0.02, 0.02] }],
          ...change,
        },
      ]),
      'objects.yaml',
    )

  const mistakes: Record<string, readonly [read: () => unknown, says: RegExp]> = {
    'robot: a stream that is a text': [
      robot(replaced(/^ {2}rgb:.*$/m, '  rgb: camera')),
      /streams\.rgb: expected a map of topic, type, .*got "camera"/,
    ],
    'robot: a stream named __proto__': [
      robot(replaced(/^ {2}rgb:/m, '  __proto__: { topic: /t, type: sensor_msgs/msg/Image }\n  rgb:')),
      /streams\.__proto__: cannot be used as a name/,
    ],
    'robot: a name of 20 kB': [
      robot(replaced(/^ {2}rgb:/m, `  ? ${LONG}\n  : { topic: /t, type: sensor_msgs/msg/Strange }\n  rgb:`)),
      /^my\.yaml:\d+: streams\.x+… \(20000 characters\)\.type: 'sensor_msgs\/msg\/Strange': no such type/,
    ],
    'robot: a key of 20 kB': [robot(`${robotText}\n? ${LONG}\n: 1\n`), /no such key here, known: robot, /],
    'contract: six channels': [
      chunk({ shape: [1, 8, 7] }),
      /outputs\.action_chunk\.shape\.2: expected 6 values a row \(dx, dy, dz, dyaw, width, effort\), got 7/,
    ],
    'contract: a batch': [chunk({ shape: [2, 8, 6] }), /outputs\.action_chunk\.shape\.0: expected 1, got 2/],
    'contract: another frame': [chunk({ frame: 'base' }), /outputs\.action_chunk\.frame: expected "tool", got "base"/],
    'contract: no rate': [chunk({ rate: 0 }), /outputs\.action_chunk\.rate: must be above 0, got 0/],
    'contract: an output of another name': [
      contract({ outputs: { action: {} } }),
      /outputs: 'action': no such output of a policy/,
    ],
    'contract: a kind that is none': [
      input({ as: 'rgba' }),
      /inputs\.rgbd\.as: 'rgba': no such kind of input, did you mean 'rgbd'\?/,
    ],
    'contract: a shape of texts': [
      input({ shape: ['1', 4, 6, 8] }),
      /inputs\.rgbd\.shape\.0: expected a (whole )?number, got "1"/,
    ],
    'contract: doubles': [input({ dtype: 'float64' }), /inputs\.rgbd\.dtype: expected "float32", got "float64"/],
    'contract: no streams': [input({ from: [] }), /inputs\.rgbd\.from: needs at least 1 entry/],
    'contract: nothing at all': [() => parseContract(null, 'my.onnx'), /expected a map of version, name, .*got null/],
    'map: an output called action': [
      map({ action: { rate: 30 } }),
      /outputs: 'action': a policy's outputs are called action_chunk, grasp_success, gate, latent: say which of them this is/,
    ],
    'map: no rate': [map({ action_chunk: {} }), /outputs\.action_chunk\.rate: expected a number, and nothing is there/],
    'map: a misspelt key': [
      map({ action_chunk: { rate: 30, shap: [1] } }),
      /outputs\.action_chunk: 'shap': no such key here, did you mean 'shape'\?/,
    ],
    'map: an input from a number': [
      map({ action_chunk: { rate: 30 } }, { inputs: { image: { as: 'image', from: 3 } } }),
      /inputs\.image\.from: expected the name of a stream or a list of them, got 3/,
    ],
    'map: a list': [() => parseModelMap('- a', 'map.yaml'), /expected a map of name, inputs, .*got a list/],
    'objects: an unknown key': [objects({ weight: 1 }), /object "red box": weight: unknown key; known: name, colour, /],
    'objects: a position of two': [
      objects({ parts: [{ shape: 'box', size: [0.02, 0.02, 0.02], pos: [1, 2] }] }),
      /parts\[0\]\.pos: expected three numbers/,
    ],
    'objects: a position of texts': [
      objects({ parts: [{ shape: 'box', size: [0.02, 0.02, 0.02], pos: [1, 'a', 2] }] }),
      /parts\[0\]\.pos\[1\]: expected three numbers/,
    ],
    'objects: a part that is a text': [objects({ parts: ['box'] }), /parts\[0\]: expected a part: \{shape, size, /],
    'objects: a name of 3 kB': [
      objects({ name: LONG.slice(0, 3000), mass: 'heavy' }),
      /object "x+… \(3000 characters\)": mass: expected a number/,
    ],
    'objects: a name of 20 kB': [
      objects({ name: LONG }),
      /object "x+… \(20000 characters\)": name: must not have a word in it that means stop/,
    ],
  }
  test.each(Object.entries(mistakes))('%s', (_name, [read, says]) => {
    const line = said(read)
    expect(line).toMatch(says)
    expect(line).not.toMatch(RAW)
    expect(line).not.toContain('\n')
    expect(line.length).toBeLessThan(700)
  })

  test('names with a meaning in JavaScript can be read', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf']
    const { streams } = parseRobot(
      replaced(
        /^ {2}rgb:/m,
        `${names.map(name => `  ${name}: { topic: /${name}, type: sensor_msgs/msg/JointState, select: [position.constructor, position.__proto__] }\n`).join('')} ` +
          ' rgb:',
      ),
      'my.yaml',
    )
    for (const name of names) expect(streams.map(stream => stream.name)).toContain(name)
    expect(streams.find(({ name }) => name === 'toString')?.select).toEqual([
      'position.constructor',
      'position.__proto__',
    ])
  })
})

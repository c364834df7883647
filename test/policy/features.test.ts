import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageValue } from '../../fusion/observation.js'
import { Features } from '../../policy/features/features.js'
import { Resizer } from '../../policy/features/resize.js'
import { Tokenizer, words } from '../../policy/features/tokens.js'
import { parseRobot } from '../../robots/robot-file.js'
import { cell, contractJson, contractOfJson, fullValues, observation, robotText, vocabulary } from './onnx-models.js'

const features = (
  change: (json: ReturnType<typeof contractJson>) => void = () => undefined,
  robot = cell,
): Features => {
  const json = contractJson()
  change(json)
  return new Features(contractOfJson(json), robot)
}

/**
 * The mean of the source over the area of a result pixel, by its definition: the overlap of every source pixel with it.
 */
function areaMean(image: ImageValue, channel: number, x: number, y: number, width: number, height: number): number {
  const overlap = (pixel: number, cell: number, from: number, to: number): number =>
    Math.max(0, Math.min(pixel + 1, ((cell + 1) * from) / to) - Math.max(pixel, (cell * from) / to))
  let sum = 0
  let area = 0
  for (let v = 0; v < image.height; v++) {
    for (let u = 0; u < image.width; u++) {
      const share = overlap(u, x, image.width, width) * overlap(v, y, image.height, height)
      sum += share * image.data[(v * image.width + u) * image.channels + (image.channels === 3 ? channel : 0)]
      area += share
    }
  }
  return sum / area
}

const side = fc.integer({ min: 1, max: 23 })
const pictures = fc.record({ width: side, height: side, channels: fc.constantFrom<1 | 3>(1, 3), seed: fc.nat() }).map(
  ({ width, height, channels, seed }): ImageValue => ({
    kind: 'image',
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24),
  }),
)

describe('pictures', () => {
  it('are averaged over area, whatever the sizes', () => {
    const resizers = new Map<string, Resizer>()
    fc.assert(
      fc.property(pictures, side, side, (image, width, height) => {
        const key = `${width}x${height}`
        const resizer = resizers.get(key) ?? new Resizer(width, height)
        resizers.set(key, resizer)
        const out = new Float32Array(3 * width * height + 2).fill(-1)
        resizer.colour(image.data, image.width, image.height, image.channels, out, 1, 1 / 255)
        expect([out[0], out.at(-1)]).toEqual([-1, -1])
        for (let c = 0; c < 3; c++) {
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              expect(out[1 + (c * height + y) * width + x]).toBeCloseTo(
                areaMean(image, c, x, y, width, height) / 255,
                6,
              )
            }
          }
        }
      }),
    )
  })

  it('of the right size pass through exactly', () => {
    const { rgb, depth } = fullValues()
    if (rgb.kind !== 'image' || depth.kind !== 'depth') throw new Error('test')
    const { rgbd } = features().fill(observation(fullValues()))
    for (let i = 0; i < 48; i++) {
      for (let c = 0; c < 3; c++) expect(rgbd[c * 48 + i]).toBe(Math.fround(rgb.data[i * 3 + c] / 255))
      expect(rgbd[144 + i]).toBe(Math.fround(depth.data[i] * 0.001))
    }
  })

  it('in whole numbers are rounded', () => {
    const tensors = features(json => {
      json.inputs['camera'] = { dtype: 'uint8', shape: [1, 3, 6, 8], from: ['rgb'], as: 'image' }
    }).fill(observation(fullValues()))
    const { rgb } = fullValues()
    if (rgb.kind !== 'image') throw new Error('test')
    expect([...(tensors['camera'] as Uint8Array)]).toEqual(
      [0, 1, 2].flatMap(c => Array.from({ length: 48 }, (_, i) => rgb.data[i * 3 + c])),
    )
  })

  it('of depth hold only depths of the source, each from the pixel at the centre', () => {
    fc.assert(
      fc.property(side, side, side, side, (fromWidth, fromHeight, width, height) => {
        const source = Uint16Array.from({ length: fromWidth * fromHeight }, (_, i) => (i % 5 === 0 ? 0 : 400 + i))
        const out = new Float32Array(width * height)
        new Resizer(width, height).depth(source, fromWidth, fromHeight, out, 0, 0.001)
        out.forEach((value, i) => {
          const u = Math.floor((((i % width) + 0.5) * fromWidth) / width + 1e-12)
          const v = Math.floor(((Math.floor(i / width) + 0.5) * fromHeight) / height + 1e-12)
          expect(value).toBe(Math.fround(source[v * fromWidth + u] * 0.001))
        })
      }),
    )
  })
})

describe('tensors', () => {
  it('have the wrench, the pose and the width at the places of the contract', () => {
    const values = fullValues()
    const {
      force_pyramid: pyramid,
      proprioception,
      wrench,
    } = features(json => {
      json.inputs['wrench'] = { dtype: 'float32', shape: [1, 6], from: ['wrench'], as: 'window' }
    }).fill(observation(values))
    expect([...(pyramid as Float32Array)]).toEqual(Array.from({ length: 144 }, (_, i) => Math.fround(Math.sin(i))))
    expect([...(wrench as Float32Array)]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...(proprioception as Float32Array)]).toEqual([0.1, 0.2, 0.3, 0, 0, 0.6, 0.8, 0.085].map(Math.fround))
  })

  it('hold the newest event first, its unknown words as 1, the rest as 0', () => {
    const { voice_tokens: tokens, voice_age: ages } = features().fill(observation(fullValues()))
    const index = (word: string): bigint => BigInt(vocabulary.indexOf(word))
    expect([...(tokens as BigInt64Array)]).toEqual([
      index('no'),
      index('the'),
      index('green'),
      index('one'),
      1n,
      0n,
      0n,
      0n,
      index('pick'),
      index('the'),
      index('red'),
      index('box'),
      0n,
      0n,
      0n,
      0n,
      ...Array<bigint>(16).fill(0n),
    ])
    expect([...(ages as Float32Array)]).toEqual([0.25, 60, -1, -1])
  })

  it('are zero where a stream is missing or not present, and the mask says so', () => {
    const made = features()
    made.fill(observation(fullValues()))
    for (const name of ['rgb', 'depth', 'wrench', 'voice', 'tool'] as const) {
      const seen = observation(fullValues())
      ;(seen.quality as Map<string, object>).set(name, { present: false })
      const notPresent = structuredClone(made.fill(seen))
      expect(structuredClone(made.fill(observation({ ...fullValues(), [name]: undefined })))).toEqual(notPresent)
      expect([...(notPresent['modality_mask'] as Float32Array)]).toEqual(
        ['rgb', 'depth', 'wrench', 'voice'].map(stream => (stream === name ? 0 : 1)),
      )
      if (name === 'rgb') expect([...notPresent['rgbd'].slice(0, 144)].every(value => value === 0)).toBe(true)
      if (name === 'depth') expect([...notPresent['rgbd'].slice(144)].every(value => value === 0)).toBe(true)
      if (name === 'wrench') expect([...notPresent['force_pyramid']].every(value => value === 0)).toBe(true)
      if (name === 'voice') expect([...notPresent['voice_age']]).toEqual([-1, -1, -1, -1])
      if (name === 'tool') expect([...notPresent['proprioception']]).toEqual([0, 0, 0, 0, 0, 0, 0, Math.fround(0.085)])
    }
  })

  it('do not depend on what the memory held before', () => {
    const made = features()
    const first = structuredClone(made.fill(observation(fullValues())))
    const empty = made.fill(observation({}))
    expect([...empty['rgbd']].every(value => value === 0)).toBe(true)
    expect(made.fill(observation(fullValues()))).toEqual(first)
    expect(made.tensors['rgbd']).toBe(empty['rgbd'])
  })

  it('give a stream of unknown width the values that the others leave', () => {
    const all = parseRobot(robotText.replace('select: [position.finger_joint], ', ''), 'all.yaml')
    const made = features(json => {
      json.inputs['proprioception'].shape = [1, 10]
    }, all)
    const gripper = { kind: 'vector' as const, data: Float64Array.of(1, 2, 3) }
    expect([...made.fill(observation({ ...fullValues(), tool: undefined, gripper }))['proprioception']]).toEqual([
      0, 0, 0, 0, 0, 0, 0, 1, 2, 3,
    ])
    expect(() => made.fill(observation(fullValues()))).toThrow(
      'input proprioception: stream gripper has 1 values, the policy expects 3',
    )
  })

  it('are refused for a robot that lacks the streams', () => {
    expect(() =>
      features(json => {
        json.inputs['rgbd'].from = ['left', 'depth']
      }),
    ).toThrow(expect.objectContaining({ code: 'POLICY_ROBOT' }) as Error)
  })
})

describe('words', () => {
  it('are split at everything but letters and digits, in lower case', () => {
    expect(words('  Gently: take the BLUE-box_2, "Größe" Übung!')).toEqual([
      'gently',
      'take',
      'the',
      'blue',
      'box',
      '2',
      'größe',
      'übung',
    ])
    expect(words('<pad> ... ')).toEqual(['pad'])
    expect(words('')).toEqual([])
  })

  it('that do not fit an event are left out: unknown ones first, then known ones, from the beginning', () => {
    const known = [
      '<pad>',
      '<unk>',
      'i',
      'no',
      'not',
      'the',
      'red',
      'green',
      'one',
      'meant',
      'pick',
      'up',
      'please',
      'you',
      'to',
      'cylinder',
      'would',
    ]
    const heard = (text: string, length: number): string[] => {
      const out = new BigInt64Array(length + 2).fill(-1n)
      new Tokenizer(known).write(text, out, 1, length)
      expect([out[0], out[length + 1]]).toEqual([-1n, -1n])
      return [...out.subarray(1, length + 1)].map(index => known[Number(index)])
    }
    expect(heard('pick the red cylinder', 4)).toEqual(['pick', 'the', 'red', 'cylinder'])
    expect(heard('pick the red cylinder', 2)).toEqual(['red', 'cylinder'])
    expect(heard('I would like you to please pick up the red cylinder', 8)).toEqual([
      'you',
      'to',
      'please',
      'pick',
      'up',
      'the',
      'red',
      'cylinder',
    ])
    expect(heard('no, not the red one, I meant the green one', 8)).toEqual([
      'the',
      'red',
      'one',
      'i',
      'meant',
      'the',
      'green',
      'one',
    ])
    expect(heard('quickly pick the red frobnicator', 4)).toEqual(['pick', 'the', 'red', '<unk>'])
    expect(heard('pick the red gizmo', 4)).toEqual(['pick', 'the', 'red', '<unk>'])
    expect(heard('pick it', 4)).toEqual(['pick', '<unk>', '<pad>', '<pad>'])
  })
})

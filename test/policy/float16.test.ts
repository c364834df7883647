import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { fromFloat16, toFloat16 } from '../../policy/features/float16.js'
import { random } from '../fusion/robots.js'
import { Scratch } from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())
const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))

const CONVERT = `
import sys, numpy as np
np.seterr(all='ignore')
np.fromfile(sys.argv[1], '<f4').astype('<f2').tofile(sys.argv[2])
np.arange(65536, dtype='<u2').view('<f2').astype('<f4').tofile(sys.argv[3])
`

/** All float16, the middle of each two of them and its neighbours, and random bits: as bits of float32. */
function bitsOfFloat32(): Uint32Array {
  const all: number[] = []
  const value = new Float32Array(1)
  const bits = new Uint32Array(value.buffer)
  const halves = new Float32Array(65536)
  fromFloat16(
    Uint16Array.from({ length: 65536 }, (_, i) => i),
    halves,
  )
  for (let i = 0; i < 65535; i++) {
    value[0] = (halves[i] + halves[i + 1]) / 2
    all.push(bits[0], bits[0] - 1, bits[0] + 1)
    value[0] = halves[i]
    all.push(bits[0])
  }
  const rand = random(11)
  for (let i = 0; i < 300_000; i++) all.push(Math.floor(rand() * 2 ** 32))
  return Uint32Array.from(all)
}

test('float32 becomes the float16 that numpy makes of it, and float16 the float32', () => {
  const bits = bitsOfFloat32()
  const [from, half, single] = [scratch.file('from', new Uint8Array(bits.buffer)), 'half', 'single']
  execFileSync(python, ['-c', CONVERT, from, `${scratch.path}/${half}`, `${scratch.path}/${single}`])
  const read = (name: string) => new Uint8Array(readFileSync(`${scratch.path}/${name}`)).buffer
  const theirs = new Uint16Array(read(half))
  const floats = new Float32Array(bits.buffer)
  const ours = new Uint16Array(floats.length)
  toFloat16(floats, ours)
  const differences: string[] = []
  const isNaN16 = (half: number): boolean => (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0
  for (let i = 0; i < ours.length; i++) {
    // The bits inside a NaN mean nothing; it must stay one.
    if (ours[i] !== theirs[i] && !(isNaN16(ours[i]) && isNaN16(theirs[i])))
      differences.push(`${floats[i]}: ${ours[i]}, numpy ${theirs[i]}`)
  }
  expect(differences).toEqual([])
  const back = new Float32Array(65536)
  fromFloat16(
    Uint16Array.from({ length: 65536 }, (_, i) => i),
    back,
  )
  expect([...back]).toEqual([...new Float32Array(read(single))])
})

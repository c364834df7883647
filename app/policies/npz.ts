import { requirePeers } from '../../peers/peers.js'
import { messageOf } from '../../middleware/message-of.js'
import { elements } from '../../policy/contract/shape.js'
import type { DType } from '../../policy/contract/dtype.js'
import { arrayOf, type TensorData } from '../../policy/features/tensors.js'
import { UsageError } from '../output/output.js'
import { short } from '../../robots/validation.js'

/** An array of a NumPy file. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly data: TensorData
}

/** Bytes of the largest .npz that is read, and of all its arrays together. */
export const LARGEST_NPZ = 2 ** 29
const MAGIC = '\x93NUMPY'
const SUFFIX = '.npy'

const DTYPES: Readonly<Record<string, DType>> = {
  '<f4': 'float32',
  '<f8': 'float64',
  '<f2': 'float16',
  '<i4': 'int32',
  '<i8': 'int64',
  '|i1': 'int8',
  '|u1': 'uint8',
  '|b1': 'bool',
}

/**
 * Reads the arrays of a .npz, as numpy.savez and savez_compressed write it, by their names. Formats: ZIP, and NEP 1 of
 * NumPy. `where` names it in messages. Throws UsageError where it is broken or too large, or has a type that no tensor
 * of a policy has; MissingPackageError without fflate.
 */
export async function readNpz(bytes: Uint8Array, where: string): Promise<ReadonlyMap<string, NpyArray>> {
  requirePeers(where, 'fflate')
  const { unzipSync } = await import('fflate')
  let size = 0
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, {
      filter({ originalSize }) {
        size += originalSize
        if (size > LARGEST_NPZ) throw new Error(`its arrays have more than ${LARGEST_NPZ} bytes`)
        return true
      },
    })
  } catch (error) {
    throw new UsageError(`${where}: not a .npz: ${messageOf(error)}; write it with numpy.savez`)
  }
  return new Map(
    Object.entries(files).map(([file, content]) => {
      const name = file.endsWith(SUFFIX) ? file.slice(0, -SUFFIX.length) : file
      return [name, readNpy(content, `${where}: array ${short(name)}`)]
    }),
  )
}

function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const broken = (why: string): UsageError => new UsageError(`${where}: ${why}`)
  const latin1 = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString('latin1')
  if (bytes.length < 12 || latin1(0, 6) !== MAGIC) throw broken('not a NumPy array')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isFirst = bytes[6] === 1
  const begin = isFirst ? 10 : 12
  const end = begin + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true))
  if (end > bytes.length) throw broken('it is cut off')
  const header = latin1(begin, end)
  const [, descr = ''] = /'descr':\s*'([^']*)'/.exec(header) ?? []
  const [, order = ''] = /'fortran_order':\s*(True|False)/.exec(header) ?? []
  const [, sizes] = /'shape':\s*\(([\d,\s]*)\)/.exec(header) ?? []
  if (order === '' || sizes === undefined) throw broken('its header is not as NumPy writes it')
  const dtype = Object.hasOwn(DTYPES, descr) ? DTYPES[descr] : undefined
  if (dtype === undefined)
    throw broken(`is of the type '${short(descr)}'; read are ${Object.keys(DTYPES).join(', ')}: convert it with astype`)
  const shape = sizes.split(',').flatMap(each => (each.trim() === '' ? [] : [Number(each)]))
  if (order === 'True' && shape.length > 1) throw broken('lies in Fortran order: write numpy.ascontiguousarray of it')
  const content = bytes.slice(end)
  const length = elements(shape)
  const whole = arrayOf(dtype, new ArrayBuffer(8), 0, 1).BYTES_PER_ELEMENT * length
  if (content.length !== whole) throw broken(`has ${content.length} bytes of values, its shape says ${whole}`)
  return { shape, dtype, data: arrayOf(dtype, content.buffer, 0, length) }
}

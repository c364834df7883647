import { closeSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createPart, discardPart, finishPart, partOf } from '../../middleware/output-path.js'
import { readRegular } from '../../middleware/regular-file.js'
import { CONTRACT_KEY } from '../../policy/contract/contract.js'
import { readOnnx, withMetadata } from '../../policy/contract/onnx-metadata.js'
import { PolicyError } from '../../policy/policy-error.js'
import { isEncoder } from '../../policy/contract/encoder-contract.js'
import { OnnxEncoder, readEncoder } from '../../policy/runtime/onnx-encoder.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { readModel } from '../../policy/runtime/read-model.js'
import { Ending } from '../output/ending.js'
import { DiskError, isRefusedByDisk } from '../output/line-file.js'
import { UsageError, type Report } from '../output/output.js'
import { messageOf } from '../../middleware/message-of.js'
import { requireFree } from '../output/outputs.js'
import { readRobot } from '../robot/load-robot.js'
import { describePolicy } from './describe-policy.js'
import { bundleAt, isBundle } from './leapp-bundle.js'
import { LARGEST_NPZ, readNpz, type NpyArray } from './npz.js'
import { compareWithReference, tryOnRandom, type Parity } from './trial-run.js'
import { contractFor, encoderContractFor, filesOf, isOfEncoder, type MapOptions } from './wrap-map.js'
import { WeightFiles } from './weight-files.js'

/** onnxruntime and PyTorch differ by 1e-6 to 1e-5 in a model of float32. */
const TOLERANCE = 1e-4

export interface WrapOptions extends Omit<MapOptions, 'bundle' | 'encoder'> {
  /** The encoder of a head, with its contract. */
  readonly encoder?: string | undefined
  /** A robot file, or the name of a shipped one. */
  readonly robot: string
  readonly namespace?: string
  readonly out: string
  /** A .npz with inputs and outputs by the graph's names. */
  readonly reference?: string | undefined
  /** How far an output may be from the reference. Default 1e-4. */
  readonly tolerance?: number | undefined
  readonly overwrite?: boolean
}

/**
 * Writes the ONNX model at `path`, or that of the LEAPP bundle there, with a contract to `out`: that of a policy, of a
 * head, or, where its map has features, of an encoder. The model gets that name only after it has run with its contract,
 * on zeros, on random inputs and, where there is a reference, on its inputs with its outputs. Throws UsageError or
 * PolicyError where the model, the map and the reference do not fit, DiskError where the disk refuses.
 */
export async function wrapPolicy(
  path: string,
  { robot: robotFile, namespace, out, overwrite, reference, tolerance, encoder, ...from }: WrapOptions,
): Promise<Report> {
  const leapp = isBundle(path) ? bundleAt(path) : undefined
  const file = leapp?.model ?? path
  const reads = [path, file, ...filesOf(from), ...[reference, encoder].filter(each => each !== undefined)]
  requireFree({ files: [out], reads }, { overwrite })
  const robot = readRobot(robotFile, namespace)
  const model = await readModel(file)
  const expected = reference === undefined ? undefined : await referenceAt(reference, tolerance)
  const said = {
    ...from,
    bundle: leapp && { path, says: leapp.bundle, initial: leapp.initial },
    encoder: encoder === undefined ? undefined : await readEncoder(encoder),
  }
  const contract = (isOfEncoder(from) ? encoderContractFor : contractFor)(said, model, robot, file)
  const weights = await WeightFiles.of(model, file, out)
  requireFree({ files: [out, ...weights.targets], reads: [...reads, ...weights.sources] }, { overwrite })
  const bytes = withMetadata(await readFile(file), { [CONTRACT_KEY]: JSON.stringify(contract) })
  const temporary = partOf(out)
  let made = false
  let parity: Parity | undefined
  try {
    const descriptor = createPart(out, { overwrite })
    made = true
    try {
      writeFileSync(descriptor, bytes)
    } finally {
      closeSync(descriptor)
    }
    const trial = weights.targets.length === 0 ? temporary : weights.stage(bytes)
    try {
      const { signal } = new Ending()
      const tried = isEncoder(contract)
        ? await OnnxEncoder.load(trial, robot, { signal })
        : await OnnxPolicy.load(trial, robot, { encoder, signal })
      try {
        await tryOnRandom(tried, file)
        parity = expected && (await compareWithReference(tried, expected.arrays, expected))
      } finally {
        await tried.close()
      }
    } catch (error) {
      throw error instanceof PolicyError ? renamed(error, trial, file) : error
    }
    weights.place()
  } catch (error) {
    if (made) discardPart(out)
    if (isRefusedByDisk(error))
      throw new DiskError(`${out}: cannot be written: ${error.message}; nothing of it was kept`)
    if (error instanceof PolicyError) throw error
    throw new UsageError(`${out}: cannot be written: ${messageOf(error)}`)
  } finally {
    weights.clear()
  }
  try {
    finishPart(out, { overwrite })
  } catch (error) {
    // It is whole where it lies.
    throw new DiskError(`${out}: cannot be given its name: ${messageOf(error)}; it is kept in ${temporary}`)
  }
  return {
    object: {
      file: out,
      name: contract.name,
      robot: { name: robot.name, sha256: robot.sha256 },
      inputs: contract.inputs,
      ...(isEncoder(contract) ? { features: contract.features } : { outputs: contract.outputs }),
      bytes: bytes.length,
      parity: parity ?? null,
    },
    lines: [
      out,
      ...describePolicy(contract, readOnnx(bytes, out), weights.files),
      ...Object.entries(parity?.differences ?? {}).map(
        ([name, difference]) => `parity      ${name} differs from ${reference} by ${difference.toPrecision(3)} at most`,
      ),
    ],
  }
}

interface Reference {
  readonly arrays: ReadonlyMap<string, NpyArray>
  readonly where: string
  readonly tolerance: number
}

async function referenceAt(where: string, tolerance = TOLERANCE): Promise<Reference> {
  let bytes: Uint8Array
  try {
    bytes = await readRegular(where, LARGEST_NPZ)
  } catch (error) {
    throw new UsageError(`${where}: cannot be read: ${messageOf(error)}`)
  }
  return { arrays: await readNpz(bytes, where), where, tolerance }
}

/** The error with another name for the model. */
function renamed(error: PolicyError, from: string, to: string): PolicyError {
  return new PolicyError(error.code, error.message.replaceAll(from, to), {
    cause: error,
    differences: error.differences,
  })
}

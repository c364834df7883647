import { CONTRACT_KEY, type Contract } from '../contract/contract.js'
import { isEncoder, parseGraphContract, type GraphContract } from '../contract/encoder-contract.js'
import { externalFiles } from '../contract/external-data.js'
import { readModelFile } from '../contract/model-file.js'
import { readOnnx, type OnnxModel } from '../contract/onnx-metadata.js'
import { PolicyError } from '../policy-error.js'

/**
 * The description of an ONNX file, whose weights are all there. Throws PolicyError `POLICY_UNREADABLE` or
 * `POLICY_NOT_ONNX`.
 */
export async function readModel(path: string): Promise<OnnxModel> {
  let bytes: Uint8Array
  try {
    bytes = await readModelFile(path)
  } catch (error) {
    throw new PolicyError('POLICY_UNREADABLE', `${path}: cannot read this model: ${reasonOf(error)}`, { cause: error })
  }
  const model = readOnnx(bytes, path)
  await externalFiles(model, path)
  return model
}

/** The contract in a model's metadata, whatever graph it is. Throws PolicyError `POLICY_NO_CONTRACT` or `POLICY_CONTRACT`. */
export function graphContractIn(model: OnnxModel, path: string): GraphContract {
  const text = model.metadata.get(CONTRACT_KEY)
  if (text === undefined) {
    throw new PolicyError(
      'POLICY_NO_CONTRACT',
      `${path}: has no policy contract (metadata ${CONTRACT_KEY}); see docs/reference/policy-contract.md`,
    )
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new PolicyError('POLICY_CONTRACT', `${path}: its ${CONTRACT_KEY} is not JSON`, { cause: error })
  }
  return parseGraphContract(value, path)
}

/** The contract of a policy in its metadata. Throws as `graphContractIn`, and PolicyError `POLICY_ENCODER` for an encoder. */
export function contractIn(model: OnnxModel, path: string): Contract {
  const contract = graphContractIn(model, path)
  if (!isEncoder(contract)) return contract
  throw new PolicyError(
    'POLICY_ENCODER',
    `${path}: is an encoder, which gives features and no action chunk: name it with --encoder, and its head with --policy`,
  )
}

/** The contract of the policy in an ONNX file. Throws as `readModel` and `contractIn`. */
export async function contractOf(path: string): Promise<Contract> {
  return contractIn(await readModel(path), path)
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file; name an ONNX model'
  if (code === 'EACCES') return 'it may not be read'
  return oneLine(error)
}

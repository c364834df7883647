import { existsSync } from 'node:fs'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { UsageError } from '../output/output.js'
import { packageRoot } from '../package-root.js'

export const PRECISIONS: readonly Precision[] = ['fp32', 'int8']

/** The help of `--precision`. */
export const PRECISION_HELP =
  'NAME.onnx (fp32) or the NAME.int8.onnx beside it; left out, the file that --policy names, or the ' +
  'int8 one that comes with prehend'

/** The help of `--encoder`. */
export const ENCODER_HELP = 'for a policy that is a head: the ONNX model whose features feed it'

/** The precision of the shipped policy without `--precision`. */
const DEFAULT: Precision = 'int8'

/** Path of the policy that comes with the package. */
export function shippedModel(precision = DEFAULT): string {
  return `${packageRoot.replace(/\/$/, '')}/policy/model/grasp${SUFFIX[precision]}`
}

const SUFFIX: Readonly<Record<Precision, string>> = { fp32: '.onnx', int8: '.int8.onnx' }

/**
 * The model file for `--policy` and `--precision`. Without a precision it is the policy as given; with one it is
 * NAME.onnx or the NAME.int8.onnx beside it. Throws UsageError where there is no such file.
 */
export function modelFile(policy: string | undefined, precision: Precision | undefined): string {
  if (precision === undefined) return policy ?? shippedModel()
  if (policy !== undefined && !policy.endsWith('.onnx'))
    throw new UsageError(`--precision ${precision}: --policy ${policy} is no NAME.onnx of which there could be two`)
  const file = policy === undefined ? shippedModel(precision) : policy.replace(/(\.int8)?\.onnx$/, SUFFIX[precision])
  if (!existsSync(file) && policy === undefined)
    throw new UsageError(
      `--precision ${precision}: ${file} is not there: the npm package brings grasp${SUFFIX[DEFAULT]} alone; ` +
        "the other is in policy/model of prehend's repository",
    )
  if (!existsSync(file))
    throw new UsageError(
      `--precision ${precision}: ${file} is not there; ` +
        'policy/training/quantise.py makes an int8 model from a trained one',
    )
  return file
}

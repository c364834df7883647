import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json, from the source tree as from dist/. */
export const packageRoot = fileURLToPath(new URL(existsSync(new URL('../package.json', import.meta.url)) ? '..' : '../..', import.meta.url))

/** Path of the policy that comes with the package. */
export function shippedModel(): string {
  return `${packageRoot.replace(/\/$/, '')}/policy/model/grasp.onnx`
}

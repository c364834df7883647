import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { requirePeers } from '../../peers/peers.js'

export type { MainModule, MjData, MjModel }

let loaded: Promise<MainModule> | undefined

/** MuJoCo's WebAssembly module, loaded once in each thread. Rejects with MissingPackageError. */
export const loadMujoco = (): Promise<MainModule> => (loaded ??= load())

async function load(): Promise<MainModule> {
  requirePeers('MuJoCo', '@mujoco/mujoco')
  return (await import('@mujoco/mujoco')).default()
}

/** Compiles MJCF text. The caller deletes model and data. */
export function compile(mj: MainModule, xml: string): { model: MjModel; data: MjData } {
  mj.FS.writeFile('cell.xml', xml)
  const model = mj.MjModel.mj_loadXML('cell.xml')
  const data = new mj.MjData(model)
  return { model, data }
}

/**
 * A cached view of an array in MuJoCo's memory. When that memory has grown the old view is detached, and the array is
 * fetched again.
 */
export class View {
  #array: Float64Array
  readonly #get: () => Float64Array

  constructor(get: () => Float64Array) {
    this.#get = get
    this.#array = get()
  }

  get array(): Float64Array {
    if (this.#array.length === 0) this.#array = this.#get()
    return this.#array
  }
}

import load from '@mujoco/mujoco'
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'

export type { MainModule, MjData, MjModel }

let loaded: Promise<MainModule> | undefined

/** MuJoCo's WebAssembly module, loaded once a thread. */
export const loadMujoco = (): Promise<MainModule> => (loaded ??= load())

/** Compiles MJCF text. The caller deletes model and data. */
export function compile(mj: MainModule, xml: string): { model: MjModel; data: MjData } {
  mj.FS.writeFile('cell.xml', xml)
  const model = mj.MjModel.mj_loadXML('cell.xml')
  const data = new mj.MjData(model)
  return { model, data }
}

/**
 * A number array of MuJoCo's memory, cached: it is asked for again when the memory has grown and the old view is
 * detached.
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

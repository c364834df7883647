import { PLAIN_LOOK } from '../camera/look.js'
import type { CameraLook } from '../camera/look.js'
import type { Episode } from '../embedded/episode.js'
import { TIMESTEP_S } from '../embedded/mjcf.js'
import type { MainModule } from '../embedded/mujoco.js'
import { readCell } from './cell-model.js'
import type { CellModel } from './cell-model.js'
import { WORLD } from './names.js'
import { modelNames, objectSdf } from './object-sdf.js'
import { worldSystems } from './plugins-sdf.js'
import { GRAVITY, robotSdf } from './robot-sdf.js'
import { HIGHEST_FRICTION, solidSdf } from './solid-sdf.js'
import { indent, number, numbers } from './text.js'

/** The newest that Fortress reads; Harmonic and Jetty read it too. */
const SDF = '1.9'

/** An object of an episode as a model file for the simulator's service `create`. */
export interface SceneObject {
  /** The object's name in the episode, and its model's in the world. */
  readonly object: string
  readonly model: string
  readonly sdf: string
}

/** An episode's world for Gazebo: robot, table, and the objects where the cell has them. */
export function worldSdf(mj: MainModule, episode: Episode, look: CameraLook = PLAIN_LOOK): string {
  const cell = readCell(mj, episode)
  const content = [
    ...head(look),
    worldSystems(),
    table(cell),
    robotSdf(cell),
    ...objects(cell, episode).map(({ text }) => text),
  ]
  return `<?xml version="1.0"?>
<sdf version="${SDF}">
  <world name="${WORLD}">${indent(content.join(''), 4)}
  </world>
</sdf>
`
}

/** The objects of an episode, each as a file of its own that puts it in its place. */
export const sceneObjects = (mj: MainModule, episode: Episode): SceneObject[] =>
  objects(readCell(mj, episode), episode).map(({ object, model, text }) => ({
    object,
    model,
    sdf: `<?xml version="1.0"?>\n<sdf version="${SDF}">${indent(text, 2)}\n</sdf>\n`,
  }))

function objects(cell: CellModel, { setup }: Episode): { object: string; model: string; text: string }[] {
  const names = modelNames(setup.objects)
  return cell.objects.map((body, i) => {
    const model = names[i] ?? body.name
    return { object: setup.objects[i] ?? body.name, model, text: objectSdf(body, model) }
  })
}

const head = ({ light, intensity, ambient, background }: CameraLook): string[] => [
  `
<physics name="1ms" type="dart">
  <max_step_size>${number(TIMESTEP_S)}</max_step_size>
  <real_time_factor>1</real_time_factor>
  <real_time_update_rate>${number(1 / TIMESTEP_S)}</real_time_update_rate>
  <dart><collision_detector>ode</collision_detector></dart>
</physics>
<gravity>0 0 ${number(-GRAVITY)}</gravity>
<scene>
  <ambient>${numbers([ambient, ambient, ambient])} 1</ambient>
  <background>${numbers(background)} 1</background>
  <shadows>true</shadows>
  <grid>false</grid>
</scene>
<light name="lamp" type="point">
  <pose>${numbers(light)} 0 0 0</pose>
  <diffuse>1 1 1 1</diffuse>
  <specular>0.1 0.1 0.1 1</specular>
  <intensity>${number(intensity)}</intensity>
  <attenuation><range>5</range><constant>0</constant><linear>0</linear><quadratic>1</quadratic></attenuation>
  <cast_shadows>true</cast_shadows>
</light>`,
]

const table = ({ fixed }: CellModel): string => `
<model name="table">
  <static>true</static>
  <link name="link">${indent(fixed.map(solid => solidSdf(solid, { name: solid.name, friction: HIGHEST_FRICTION })).join(''), 4)}
  </link>
</model>`

import { PLAIN_LIGHTING } from '../camera/scene-lighting.js'
import type { SceneLighting } from '../camera/scene-lighting.js'
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

/** The newest version that Fortress reads. Harmonic and Jetty read it too. */
const SDF = '1.9'

/** An object of an episode as a model for the simulator's service `create`. */
export interface SceneObject {
  /** Name of the object in the episode, and of its model in the world. */
  readonly object: string
  readonly model: string
  readonly sdf: string
}

/** The world of an episode as an SDF text: robot, table, and the objects in their places. */
export function worldSdf(mj: MainModule, episode: Episode, lighting: SceneLighting = PLAIN_LIGHTING): string {
  const cell = readCell(mj, episode)
  const content = [
    ...head(lighting),
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

/** The objects of an episode, each as an SDF text with its pose. */
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

const head = ({ light, intensity, ambient, background }: SceneLighting): string[] => [
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

function table({ fixed }: CellModel): string {
  const solids = fixed.map(solid => solidSdf(solid, { name: solid.name, friction: HIGHEST_FRICTION }))
  return `
<model name="table">
  <static>true</static>
  <link name="link">${indent(solids.join(''), 4)}
  </link>
</model>`
}

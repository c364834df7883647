import type { CellSolid } from './cell-model.js'
import { escape, number, numbers, pose } from './text.js'

/**
 * Friction of surfaces that should not limit the friction of a contact, because the physics takes the lower of the two.
 * No object of an objects file has a higher one.
 */
export const HIGHEST_FRICTION = 5

/** Collision and visual of one primitive. `friction`: replaces the solid's own. */
export function solidSdf(
  solid: CellSolid,
  { name, friction = solid.friction }: { readonly name: string; readonly friction?: number },
): string {
  const shape = geometry(solid)
  const colour = `${numbers(solid.rgb)} 1`
  return `
<collision name="${escape(name)}">
  ${pose(solid.pose)}
  ${shape}
  <surface><friction><ode><mu>${number(friction)}</mu><mu2>${number(friction)}</mu2></ode></friction></surface>
</collision>
<visual name="${escape(name)}_visual">
  ${pose(solid.pose)}
  ${shape}
  <material><ambient>${colour}</ambient><diffuse>${colour}</diffuse><specular>0.1 0.1 0.1 1</specular></material>
</visual>`
}

function geometry({ shape, size: [a, b, c] }: CellSolid): string {
  switch (shape) {
    case 'box':
      return `<geometry><box><size>${numbers([2 * a, 2 * b, 2 * c])}</size></box></geometry>`
    case 'cylinder':
      return `<geometry><cylinder><radius>${number(a)}</radius><length>${number(2 * b)}</length></cylinder></geometry>`
    case 'sphere':
      return `<geometry><sphere><radius>${number(a)}</radius></sphere></geometry>`
    case 'capsule':
      return `<geometry><capsule><radius>${number(a)}</radius><length>${number(2 * b)}</length></capsule></geometry>`
    case 'ellipsoid':
      return `<geometry><ellipsoid><radii>${numbers([a, b, c])}</radii></ellipsoid></geometry>`
  }
}

import type { CellBody } from './cell-model.js'
import { number, pose } from './text.js'

type Inertial = Pick<CellBody, 'mass' | 'centre' | 'inertia'>

/** The `inertial` element of a body. */
export function inertialSdf({ mass, centre, inertia: [x, y, z] }: Inertial): string {
  const moments = `<ixx>${number(x)}</ixx><iyy>${number(y)}</iyy><izz>${number(z)}</izz>`
  return `
<inertial>
  ${pose(centre)}
  <mass>${number(mass)}</mass>
  <inertia>${moments}<ixy>0</ixy><ixz>0</ixz><iyz>0</iyz></inertia>
</inertial>`
}

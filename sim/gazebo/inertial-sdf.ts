import type { CellBody } from './cell-model.js'
import { number, pose } from './text.js'

type Inertial = Pick<CellBody, 'mass' | 'centre' | 'inertia'>

export const inertialSdf = ({ mass, centre, inertia: [x, y, z] }: Inertial): string => `
<inertial>
  ${pose(centre)}
  <mass>${number(mass)}</mass>
  <inertia><ixx>${number(x)}</ixx><iyy>${number(y)}</iyy><izz>${number(z)}</izz><ixy>0</ixy><ixz>0</ixz><iyz>0</iyz></inertia>
</inertial>`

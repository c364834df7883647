import type { Need } from '../../peers/peers.js'

/** The purpose of sharp. Depth pictures are PNG in every set. */
export const PNG = 'PNG in a LeRobot set'

/** The optional packages that a LeRobot set needs. `png`: its pictures are PNG files. */
export const lerobotNeeds = ({ png }: { readonly png: boolean }): Need[] => [
  { purpose: 'the tables of a LeRobot set', packages: ['hyparquet-writer'] },
  ...(png ? [{ purpose: PNG, packages: ['sharp'] as const }] : []),
]

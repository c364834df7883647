/** What kind of sensing a stream is. Masks and gates have this order everywhere. */
export type Modality = 'rgb' | 'depth' | 'force' | 'voice' | 'proprioception'
/** The senses of a robot, in the order of the mask. */
export const MODALITIES: readonly Modality[] = ['rgb', 'depth', 'force', 'voice', 'proprioception']

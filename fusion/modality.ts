/** What a stream tells of. The order is that of masks and gates everywhere. */
export type Modality = 'rgb' | 'depth' | 'force' | 'voice' | 'proprioception'
export const MODALITIES: readonly Modality[] = ['rgb', 'depth', 'force', 'voice', 'proprioception']

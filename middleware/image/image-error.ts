/** What is wrong with a compressed image: its bytes, its contents, or its size. */
export type ImageFault = 'undecodable' | 'bad_encoding' | 'bad_size'

/** A compressed image that cannot be decoded. */
export class ImageError extends Error {
  readonly code = 'IMAGE'
  readonly fault: ImageFault

  constructor(fault: ImageFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ImageError'
    this.fault = fault
  }
}

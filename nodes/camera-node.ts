import type { Bus, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { Image } from '../middleware/messages.js'

/**
 * One exposure of an RGB-D camera. The origin is top left and rows have no padding. `rgb`: 3 bytes a pixel. `depth`: mm
 * along the optical axis, 0 is invalid. `stamp`: bus time, ns.
 */
export interface RgbdFrame {
  readonly stamp: number
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  readonly depth: Uint16Array
}

/** A source of frames: the driver of a device, or the cell's camera. */
export interface FrameSource {
  start(onFrame: (frame: RgbdFrame) => void): void
  stop(): void
}

export interface CameraOptions {
  readonly bus: Bus
  readonly source: FrameSource
  /** Undefined: nobody wants colour. */
  readonly rgbTopic: string | undefined
  /** Undefined: nobody wants depth. */
  readonly depthTopic: string | undefined
  readonly frameId: string
}

/** Publishes an RGB-D camera's frames as rgb8 and 16UC1 images, with the camera's own stamps. */
export class CameraNode extends LifecycleNode {
  /** Frames that were published. */
  frames = 0
  /** Frames that were dropped because their size does not fit their data. */
  dropped = 0
  readonly #options: CameraOptions
  #rgb: Publisher<Image> | undefined
  #depth: Publisher<Image> | undefined

  constructor(options: CameraOptions) {
    super('camera')
    this.#options = options
  }

  protected override onConfigure(): void {
    const { bus, rgbTopic, depthTopic } = this.#options
    this.#rgb = rgbTopic === undefined ? undefined : bus.advertise(rgbTopic, 'sensor_msgs/msg/Image')
    this.#depth = depthTopic === undefined ? undefined : bus.advertise(depthTopic, 'sensor_msgs/msg/Image')
  }

  protected override onActivate(): void {
    this.#options.source.start(frame => this.#publish(frame))
  }

  protected override onDeactivate(): void {
    this.#options.source.stop()
  }

  protected override onCleanup(): void {
    this.#rgb?.dispose()
    this.#depth?.dispose()
    this.#rgb = this.#depth = undefined
  }

  #publish(frame: RgbdFrame): void {
    const { stamp, width, height } = frame
    if (frame.rgb.length !== width * height * 3 || frame.depth.length !== width * height) {
      this.dropped++
      return
    }
    this.frames++
    const { frameId } = this.#options
    const depth = new Uint8Array(frame.depth.buffer, frame.depth.byteOffset, frame.depth.byteLength)
    this.#depth?.publish({
      stamp,
      frameId,
      width,
      height,
      encoding: '16UC1',
      isBigendian: false,
      step: width * 2,
      data: depth,
    })
    this.#rgb?.publish({
      stamp,
      frameId,
      width,
      height,
      encoding: 'rgb8',
      isBigendian: false,
      step: width * 3,
      data: frame.rgb,
    })
  }
}

/**
 * A pinhole camera without distortion. Pixel centres lie at whole numbers, as in sensor_msgs/CameraInfo. Optical frame:
 * x right, y down, z forward.
 */
export interface Intrinsics {
  readonly width: number
  readonly height: number
  /** Focal length (square pixels) and principal point, in pixels. */
  readonly f: number
  readonly cx: number
  readonly cy: number
}

/**
 * Intrinsics of a camera. `fovyDeg`: the full vertical angle of view in degrees, as in MJCF, between the outer edges of
 * the image: f = height / (2 tan(fovy / 2)).
 */
export function intrinsics(fovyDeg: number, width: number, height: number): Intrinsics {
  return {
    width,
    height,
    f: height / 2 / Math.tan((fovyDeg * Math.PI) / 360),
    cx: (width - 1) / 2,
    cy: (height - 1) / 2,
  }
}

/** The matrix k of sensor_msgs/CameraInfo: 3x3, row-major. */
export const cameraMatrix = ({ f, cx, cy }: Intrinsics): Float64Array => Float64Array.of(f, 0, cx, 0, f, cy, 0, 0, 1)

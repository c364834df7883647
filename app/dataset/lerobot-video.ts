import type { PictureColumn } from './column.js'
import { FileSeries } from './file-series.js'
import { VideoFile } from './video-file.js'

export const VIDEO_PATH = 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4'
export const VIDEO_MB = 200

/** The pictures of one camera in the video files of a LeRobot set. */
export class LeRobotVideo {
  readonly column: PictureColumn
  readonly #rate: number
  readonly #ffmpeg: string
  readonly #series: FileSeries
  #file: VideoFile | undefined
  /** Number of frames in the file before the present episode. */
  #before = 0

  /** @param root the set's folder, @param rate frames a second. */
  constructor(
    root: string,
    column: PictureColumn,
    { rate, ffmpeg }: { readonly rate: number; readonly ffmpeg: string },
  ) {
    this.column = column
    this.#rate = rate
    this.#ffmpeg = ffmpeg
    this.#series = new FileSeries(root, VIDEO_PATH.replace('{video_key}', column.key))
  }

  /** Writes a frame: u8[height * width * 3]. */
  async write(pixels: Uint8Array): Promise<void> {
    const { width, height } = this.column
    this.#file ??= new VideoFile(this.#series.path(), { width, height, rate: this.#rate }, this.#ffmpeg)
    await this.#file.write(pixels)
  }

  /**
   * Ends an episode. Answers where its frames lie, as columns of the table of episodes. Ends the file if it is large
   * enough.
   */
  async endEpisode(): Promise<Record<string, unknown>> {
    const { key } = this.column
    const { chunk, file } = this.#series
    const frames = this.#file?.frames ?? 0
    const scene = {
      [`videos/${key}/chunk_index`]: BigInt(chunk),
      [`videos/${key}/file_index`]: BigInt(file),
      [`videos/${key}/from_timestamp`]: this.#before / this.#rate,
      [`videos/${key}/to_timestamp`]: frames / this.#rate,
    }
    this.#before = frames
    if (this.#file && this.#file.bytes >= VIDEO_MB * 2 ** 20) {
      await this.#file.close()
      this.#file = undefined
      this.#before = 0
      this.#series.next()
    }
    return scene
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async discard(): Promise<void> {
    await this.#file?.discard()
  }

  /** The stream's entry in meta/info.json. */
  get info(): Readonly<Record<string, unknown>> {
    const { width, height, channels } = this.column
    return {
      'video.height': height,
      'video.width': width,
      'video.channels': channels,
      'video.fps': this.#rate,
      'video.codec': 'h264',
      'video.pix_fmt': VideoFile.samples(width, height),
      'video.is_depth_map': false,
      has_audio: false,
    }
  }
}

import { writeFileSync } from 'node:fs'
import sharp from 'sharp'

/** Writes u8[height * width * 3] as a PNG of 256 colours: the documents are part of the package, which is to be small. */
export async function savePicture(path: string, width: number, height: number, data: Uint8Array): Promise<void> {
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ palette: true, quality: 95, compressionLevel: 9, effort: 10 })
    .toBuffer()
  writeFileSync(path, png)
  console.log(`${path}: ${width} x ${height}, ${Math.round(png.length / 1024)} KB`)
}

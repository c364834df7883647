"""Writes compressed images, made with Pillow and NumPy, to FOLDER/N.bin, and the pixels that they show to FOLDER/N.raw.

It prints a list of {name, format, width, height, encoding}.
"""

import io
import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

folder = Path(sys.argv[1])
rng = np.random.default_rng(1)
H, W = 48, 64
y, x = np.mgrid[0:H, 0:W]
colour = np.clip(np.stack([x * 4, y * 5, (x + y) * 2], -1) + rng.integers(-9, 9, (H, W, 3)), 0, 255).astype(np.uint8)
listed: list[dict[str, Any]] = []


def file(pixels: Any, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(out, kind, **options)
    return out.getvalue()


def add(name: str, kind: str, data: bytes, shown: NDArray[Any], encoding: str) -> None:
    (folder / f'{len(listed)}.bin').write_bytes(data)
    (folder / f'{len(listed)}.raw').write_bytes(np.ascontiguousarray(shown).tobytes())
    listed.append(
        {'name': name, 'format': kind, 'height': shown.shape[0], 'width': shown.shape[1], 'encoding': encoding}
    )


def opened(data: bytes, mode: str | None = None) -> NDArray[Any]:
    image = Image.open(io.BytesIO(data))
    return np.asarray(image if mode is None else image.convert(mode))


def number(value: int) -> list[int]:
    """A number of RVL as nibbles: three bits each, the lowest first. The fourth bit says that another follows."""
    nibbles = [value & 7]
    while value := value >> 3:
        nibbles[-1] |= 8
        nibbles.append(value & 7)
    return nibbles


def rvl(depth: NDArray[np.uint16]) -> bytes:
    """RVL: A. D. Wilson, Fast Lossless Depth Image Compression. Runs of zeros and of samples take turns."""
    flat, previous, i = depth.ravel().astype(int), 0, 0
    nibbles: list[int] = []
    while i < len(flat):
        zeros = next((n for n in range(len(flat) - i) if flat[i + n] != 0), len(flat) - i)
        i += zeros
        samples = next((n for n in range(len(flat) - i) if flat[i + n] == 0), len(flat) - i)
        nibbles += number(zeros) + number(samples)
        for value in flat[i : i + samples]:
            delta = value - previous
            nibbles += number(2 * delta if delta >= 0 else -2 * delta - 1)
            previous = value
        i += samples
    nibbles += [0] * (-len(nibbles) % 8)
    words = [
        sum(nibble << 4 * (7 - k) for k, nibble in enumerate(nibbles[at : at + 8])) for at in range(0, len(nibbles), 8)
    ]
    return struct.pack('<ii', depth.shape[1], depth.shape[0]) + struct.pack(f'<{len(words)}I', *words)


for quality in (50, 95):
    jpeg = file(colour, 'JPEG', quality=quality)
    add(f'jpeg {quality}', 'rgb8; jpeg compressed bgr8', jpeg, opened(jpeg), 'rgb8')
jpeg = file(colour, 'JPEG', progressive=True, subsampling=0)
add('progressive jpeg, the codec alone', 'jpeg', jpeg, opened(jpeg), 'rgb8')
grey = file(colour[..., 0], 'JPEG')
add('grey jpeg', 'mono8; jpeg compressed ', grey, opened(grey), 'mono8')
turned = Image.fromarray(colour)
exif = turned.getexif()
exif[0x0112] = 6
jpeg = file(turned, 'JPEG', exif=exif)
add('jpeg that EXIF would turn', 'bgr8; jpeg compressed bgr8', jpeg, opened(jpeg), 'rgb8')
lab = ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes()
profile = file(Image.fromarray(colour), 'PNG', icc_profile=lab)
add('png', 'rgb8; png compressed bgr8', file(colour, 'PNG'), colour, 'rgb8')
add('png with a colour profile of its own', 'png', profile, colour, 'rgb8')
add('png with alpha', 'rgba8; png compressed bgra8', file(np.dstack([colour, colour[..., :1]]), 'PNG'), colour, 'rgb8')
palette = file(Image.fromarray(colour).convert('P'), 'PNG')
add('png with a palette', 'png', palette, opened(palette, 'RGB'), 'rgb8')
add('grey png', 'mono8; png compressed ', file(colour[..., 1], 'PNG'), colour[..., 1], 'mono8')

add('webp', 'webp', file(colour, 'WEBP', lossless=True), colour, 'rgb8')
add('webp called jpeg', 'rgb8; jpeg compressed bgr8', file(colour, 'WEBP', lossless=True), colour, 'rgb8')
add('tiff', 'rgb8; tiff compressed bgr8', file(colour, 'TIFF', compression='tiff_lzw'), colour, 'rgb8')
add('grey tiff', 'TIFF', file(colour[..., 2], 'TIFF'), colour[..., 2], 'mono8')
for name in ('image/png', 'PNG', '', 'rgb8', 'h264'):
    add(f'png called {name!r}', name, file(colour, 'PNG'), colour, 'rgb8')
add('a mosaic', 'bayer_grbg8; png compressed ', file(colour[..., 1], 'PNG'), colour[..., 1], 'bayer_grbg8')


def png_of_16_bits(pixels: NDArray[np.uint16]) -> bytes:
    """A PNG with colours of 16 bits, which Pillow cannot write. Rows are not filtered."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    rows = b''.join(b'\0' + row.astype('>u2').tobytes() for row in pixels)
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', pixels.shape[1], pixels.shape[0], 16, 2, 0, 0, 0))
        + chunk(b'IDAT', zlib.compress(rows))
        + chunk(b'IEND', b'')
    )


deep = rng.integers(0, 65_536, (H, W, 3)).astype(np.uint16)
add('colour of 16 bits', 'rgb16; png compressed bgr16', png_of_16_bits(deep), deep, 'rgb16')

every = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
scene = (600 + 3 * x + y + rng.integers(0, 5, (H, W))).astype(np.uint16)
scene[rng.random((H, W)) < 0.2] = 0
jumps = np.where(rng.random((H, W)) < 0.5, 0, rng.integers(0, 65_536, (H, W))).astype(np.uint16)
header = struct.pack('<iff', 0, 0, 0)
add('every depth, compressed', '16UC1; png compressed ', file(every, 'PNG'), every, '16UC1')
add('mono16', 'mono16; png compressed ', file(scene, 'PNG'), scene, 'mono16')
add('16 bits, the codec alone', 'image/png', file(scene, 'PNG'), scene, 'mono16')
for name, depth in (('every', every), ('scene', scene), ('jumps', jumps)):
    add(f'{name}, compressedDepth png', '16UC1; compressedDepth png', header + file(depth, 'PNG'), depth, '16UC1')
    add(f'{name}, compressedDepth rvl', '16UC1; compressedDepth rvl', header + rvl(depth), depth, '16UC1')
add('compressedDepth without its header', '16UC1; compressedDepth png', file(scene, 'PNG'), scene, '16UC1')
add('compressedDepth of old', '16UC1; compressedDepth', header + file(scene, 'PNG'), scene, '16UC1')

# compressed_depth_image_transport: depth_max 10 m, depth_quantization 100; all in float.
a = np.float32(100) * (np.float32(100) + np.float32(1))
b = np.float32(1) - a / np.float32(10)
metres = (0.4 + 5 * rng.random((H, W))).astype(np.float32)
metres[rng.random((H, W)) < 0.2] = np.nan
inverse = np.where(np.isnan(metres), 0, np.nan_to_num(a / metres + b)).astype(np.uint16)
with np.errstate(divide='ignore'):
    back = np.where(inverse == 0, np.float32(np.nan), a / (inverse.astype(np.float32) - b)).astype(np.float32)
assert np.nanmax(np.abs(back - metres)) < 0.01
quantised = struct.pack('<iff', 0, a, b)
add('float tiff', '32FC1; tiff compressed ', file(metres, 'TIFF'), metres, '32FC1')
add('mono16, compressedDepth', 'mono16; compressedDepth png', header + file(scene, 'PNG'), scene, 'mono16')
add('float depth, png', '32FC1; compressedDepth png', quantised + file(inverse, 'PNG'), back, '32FC1')
add('float depth, rvl', '32FC1; compressedDepth rvl', quantised + rvl(inverse), back, '32FC1')
print(json.dumps(listed))

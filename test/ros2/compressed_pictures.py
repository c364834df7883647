"""Writes compressed pictures of a camera with Pillow: FOLDER/rgbN.jpg and FOLDER/depthN.bin (compressedDepth, PNG).

N runs from 0 to 5. The file rgb5.jpg is cut off.
"""

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

folder, width, height = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(3)
y, x = np.mgrid[0:height, 0:width]
for i in range(6):
    colour = np.clip(
        np.stack([x * 255 // width, y * 255 // height, 40 * i + 0 * x], -1) + rng.integers(-20, 20, (height, width, 3)),
        0,
        255,
    ).astype(np.uint8)
    jpeg = io.BytesIO()
    Image.fromarray(colour).save(jpeg, 'JPEG', quality=90)
    (folder / f'rgb{i}.jpg').write_bytes(jpeg.getvalue()[: None if i < 5 else -300])
    depth = (400 + 30 * i + x + rng.integers(0, 6, (height, width))).astype(np.uint16)
    png = io.BytesIO()
    Image.fromarray(depth).save(png, 'PNG')
    (folder / f'depth{i}.bin').write_bytes(bytes(12) + png.getvalue())

"""Packs bytes of many kinds with zstandard, at several levels and with several options: `pack_zstd.py OUT`.

It prints [file, length, sha256] of each.
"""

import hashlib
import json
import random
import struct
import sys
from pathlib import Path

import zstandard as z

out = Path(sys.argv[1])
r = random.Random(7)
far = r.randbytes(700_000)
words = [r.randbytes(r.randrange(2, 9)) for _ in range(300)]
kinds = {
    'empty': b'',
    'one': b'x',
    'short': b'hello hello hello',
    'zeros': bytes(3_000_000),
    'noise': r.randbytes(400_000),
    'words': b''.join(r.choice(words) for _ in range(200_000)),
    'floats': b''.join(struct.pack('<d', i * 0.001 + r.gauss(0, 1e-3)) for i in range(60_000)),
    'few': bytes(r.choice(b'ab') for _ in range(300_000)),
    'runs': b''.join(bytes([r.randrange(4)]) * r.randrange(1, 400) for _ in range(5_000)),
    'far': far + r.randbytes(6_000_000) + far,
}
told: list[tuple[str, int, str]] = []


def put(name: str, packed: bytes, plain: bytes) -> None:
    (out / name).write_bytes(packed)
    told.append((name, len(plain), hashlib.sha256(plain).hexdigest()))


for kind, plain in kinds.items():
    for level in (-5, 1, 3, 9, 19):
        put(
            f'{kind}.{level}',
            z.ZstdCompressor(level=level, write_checksum=level % 2 == 1, write_content_size=level != 3).compress(plain),
            plain,
        )
    long = z.ZstdCompressor(
        compression_params=z.ZstdCompressionParameters.from_level(
            6, window_log=23, enable_ldm=True, write_checksum=True
        )
    ).compressobj()
    put(f'{kind}.long', long.compress(plain) + long.flush(), plain)
print(json.dumps(told))

"""Where things are: pixels to points in the tool frame, from the intrinsics and the pose of the wrist camera."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Geometry(nn.Module):
    """Depth to points in the tool frame, from the intrinsics and the pose of the wrist camera.

    The camera has an optical frame by REP-103: x right, y down, z forward.
    """

    def __init__(self, height: int, width: int, camera: dict[str, Any] | None) -> None:
        super().__init__()
        self.grid = (height // 4, width // 4)
        fovy = float(camera['fovy_deg']) if camera else 60.0
        pose = torch.tensor(camera['tool_T_camera'], dtype=torch.float32).reshape(4, 4) if camera else torch.eye(4)
        self.register_buffer('known', torch.tensor(1.0 if camera else 0.0))
        self.register_buffer('fovy_deg', torch.tensor(fovy))
        self.register_buffer('pose', pose)
        fine = self.rays(height, width).reshape(height, width, 3)
        coarse = self.rays(*self.grid)
        self.register_buffer('across', fine[:1, :, 0].clone())
        self.register_buffer('down', fine[:, :1, 1].clone())
        self.register_buffer('coarse', coarse @ pose[:3, :3].T)
        self.register_buffer('uv', coarse[:, :2])

    def rays(self, h: int, w: int) -> Tensor:
        """Rays with z = 1 through the pixel centres, [h*w,3]. Pixels are square, the principal point is central."""
        t = math.tan(math.radians(float(self.fovy_deg)) / 2)
        v, u = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing='ij')
        return (
            torch.stack([(u - w / 2) * 2 * t / h, (v - h / 2) * 2 * t / h, torch.ones(h, w)], -1).reshape(-1, 3).float()
        )

    def project(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """Points in the tool frame [B,3] -> normalised image coordinates [B,2] (x/z, y/z), and depth z [B]."""
        q = (p - self.pose[:3, 3]) @ self.pose[:3, :3]
        return q[:, :2] / q[:, 2:].clamp(min=1e-3), q[:, 2]

    def height(self, depth: Tensor, rotation: Tensor, z: Tensor) -> Tensor:
        """Height of each pixel's point over the plane z = 0 of the base frame, [B,1,H,W]. `z` [B,1]: of the tool."""
        up = rotation[:, 2]
        x, y, one = (up @ self.pose[:3, :3]).reshape(-1, 3, 1, 1).split(1, 1)
        offset = (up @ self.pose[:3, 3:] + z).reshape(-1, 1, 1, 1)
        # The part of a ray along `up`. A ray is (across, down, 1).
        return depth * (x * self.across + y * self.down + one) + offset

    def points(self, depth: Tensor) -> tuple[Tensor, Tensor]:
        """Mean valid depth of cells of 4x4 pixels -> points in the tool frame [B,h*w,3], and valid shares [B,h*w]."""
        valid = F.avg_pool2d((depth > 0).float(), 4).reshape(depth.shape[0], -1, 1)
        d = F.avg_pool2d(depth, 4).reshape(depth.shape[0], -1, 1) / valid.clamp(min=1 / 16)
        return d * self.coarse + self.pose[:3, 3] * (valid > 0).float(), valid


def _products() -> Tensor:
    """[16,9]: from the products of a quaternion's parts to the rotation matrix less the unit matrix, row by row."""
    m = torch.zeros(4, 4, 9)
    x, y, z, w = range(4)
    for at, terms in enumerate(
        (
            {(y, y): -2, (z, z): -2}, {(x, y): 2, (z, w): -2}, {(x, z): 2, (y, w): 2},
            {(x, y): 2, (z, w): 2}, {(x, x): -2, (z, z): -2}, {(y, z): 2, (x, w): -2},
            {(x, z): 2, (y, w): -2}, {(y, z): 2, (x, w): 2}, {(x, x): -2, (y, y): -2},
        )
    ):  # fmt: skip
        for (a, b), factor in terms.items():
            m[a, b, at] = factor
    return m.reshape(16, 9)


PRODUCTS = _products()


def rotation_of(q: Tensor) -> Tensor:
    """Unit quaternion x, y, z, w [B,4] -> rotation matrix [B,3,3]. It is the same for q and -q."""
    q = q / q.norm(dim=1, keepdim=True).clamp(min=1e-6)
    return ((q[:, :, None] * q[:, None, :]).flatten(1) @ PRODUCTS).reshape(-1, 3, 3) + torch.eye(3)

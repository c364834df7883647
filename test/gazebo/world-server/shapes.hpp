#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "solid.hpp"

namespace world_server {

constexpr float kNothing = std::numeric_limits<float>::infinity();

/// Where the line o + t·d is within what a ball scaled by 1 / size leaves: the roots of a·t² + 2b·t + c = 0.
inline void roots(float a, float b, float c, float &in, float &out)
{
  const float root = b * b - a * c;
  if (root < 0) {
    in = kNothing;
    out = -kNothing;
    return;
  }
  const float width = std::sqrt(root), inverse = 1 / a;
  in = (-b - width) * inverse;
  out = (-b + width) * inverse;
}

inline void slab(float o, float d, float half, float &in, float &out)
{
  const float inverse = 1 / d;
  const float a = (-half - o) * inverse, b = (half - o) * inverse;
  in = std::max(in, std::min(a, b));
  out = std::min(out, std::max(a, b));
}

/// The t > 0 at which the ray o + t·d enters the solid, which lies around the origin with half-extents sx, sy, sz; kNothing where it does not, or
/// starts within.
template <Solid::Shape shape>
inline float entry(float sx, float sy, float sz, float ox, float oy, float oz, float dx, float dy, float dz)
{
  float in = -kNothing, out = kNothing;
  if constexpr (shape == Solid::Shape::box) {
    slab(ox, dx, sx, in, out);
    slab(oy, dy, sy, in, out);
    slab(oz, dz, sz, in, out);
  } else if constexpr (shape == Solid::Shape::cylinder) {
    roots(dx * dx + dy * dy, ox * dx + oy * dy, ox * ox + oy * oy - sx * sx, in, out);
    slab(oz, dz, sz, in, out);
  } else if constexpr (shape == Solid::Shape::capsule) {
    roots(dx * dx + dy * dy, ox * dx + oy * dy, ox * ox + oy * oy - sx * sx, in, out);
    slab(oz, dz, sz, in, out);
    float first = in <= out ? in : kNothing;
    for (const float cap : {-sz, sz}) {
      float from, to;
      const float z = oz - cap;
      roots(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + z * dz, ox * ox + oy * oy + z * z - sx * sx, from, to);
      first = std::min(first, from);
    }
    return first > 0 ? first : kNothing;
  } else {
    const float ix = 1 / sx, iy = 1 / sy, iz = 1 / sz;
    ox *= ix; oy *= iy; oz *= iz;
    dx *= ix; dy *= iy; dz *= iz;
    roots(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, ox * ox + oy * oy + oz * oz - 1, in, out);
  }
  return in <= out && in > 0 ? in : kNothing;
}

/// The outward normal, of any length, at a point of the surface.
inline void normalAt(Solid::Shape shape, float sx, float sy, float sz, float &x, float &y, float &z)
{
  switch (shape) {
    case Solid::Shape::box: {
      const float ax = std::fabs(x) - sx, ay = std::fabs(y) - sy, az = std::fabs(z) - sz;
      const bool isX = ax >= ay && ax >= az, isY = !isX && ay >= az;
      x = isX ? std::copysign(1.f, x) : 0;
      y = isY ? std::copysign(1.f, y) : 0;
      z = isX || isY ? 0 : std::copysign(1.f, z);
      return;
    }
    case Solid::Shape::cylinder:
      if (std::fabs(z) - sz > std::sqrt(x * x + y * y) - sx) {
        x = y = 0;
        z = std::copysign(1.f, z);
      } else {
        z = 0;
      }
      return;
    case Solid::Shape::capsule:
      z -= std::clamp(z, -sz, sz);
      return;
    case Solid::Shape::sphere:
      return;
    case Solid::Shape::ellipsoid:
      x /= sx * sx;
      y /= sy * sy;
      z /= sz * sz;
      return;
  }
}

}

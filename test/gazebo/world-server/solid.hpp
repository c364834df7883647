#pragma once

#include <optional>

#include <ignition/math/Pose3.hh>
#include <ignition/math/Vector3.hh>
#include <sdf/Visual.hh>

namespace world_server {

/// A visible primitive in its link's frame.
struct Solid
{
  enum class Shape { box, cylinder, sphere, capsule, ellipsoid };

  Shape shape;
  /// Half-extents: box and ellipsoid x, y, z; cylinder and capsule radius, radius, half-length (a capsule's without its caps); sphere radius.
  ignition::math::Vector3d size;
  ignition::math::Pose3d pose;
  /// Of a ball around its origin that holds all of it.
  double radius;
  /// Linear, 0 to 1.
  float diffuse[3];
  float specular;
};

/// A visual as a solid; nothing where it is no primitive.
std::optional<Solid> solidOf(const sdf::Visual &visual);

}

#pragma once

#include <cstdint>
#include <vector>

#include <ignition/math/Pose3.hh>

#include "solid.hpp"

namespace world_server {

/// A solid where it is in the world.
struct PlacedSolid
{
  const Solid *solid;
  ignition::math::Pose3d pose;
};

/// Light as a world file describes it: one lamp and what comes from everywhere; linear, 0 to 1.
struct Lighting
{
  bool hasLamp;
  bool castShadows;
  ignition::math::Vector3d lamp;
  /// At the distance d the lamp gives intensity / (constant + linear · d + quadratic · d²).
  float intensity, constant, linear, quadratic;
  float ambient;
  /// 8 bits.
  std::uint8_t background[3];
};

/// A pinhole picture of solids, drawn by casting one ray a pixel, on two threads.
class RayCaster
{
  public:
    /// `focal`: pixels. The optical axis goes through the picture's middle. Depth is from `near` to `far`, m, along the optical axis.
    RayCaster(unsigned width, unsigned height, double focal, double near, double far);

    /// From a camera that looks along x with z up. `rgb`: 3 bytes a pixel; `depth`: m along the optical axis, infinite where nothing is hit.
    /// Gives the processors' seconds that it took.
    double draw(const ignition::math::Pose3d &camera, const std::vector<PlacedSolid> &solids, const Lighting &lighting,
      std::uint8_t *rgb, float *depth);

  private:
    struct Vec { float x, y, z; };
    /// A solid as the rays of a picture meet it: the camera in its frame, and its frame in the world.
    struct Target
    {
      Solid::Shape shape;
      Vec size;
      float radius;
      Vec centre;
      /// Rows: the axes of the solid in the world.
      Vec axes[3];
      /// In the solid's frame: the camera, its looking direction, its left, its up, and the lamp.
      Vec eye, ahead, left, up, lamp;
      float diffuse[3];
      float specular;
    };
    struct Window { int left, right, top, bottom; };

    void place(const ignition::math::Pose3d &camera, const std::vector<PlacedSolid> &solids, const Lighting &lighting);
    bool windowOf(const Target &target, const ignition::math::Pose3d &camera, Window &window) const;
    template <Solid::Shape shape>
    void cover(const Target &target, std::uint16_t id, const Window &window, float *depth);
    /// Of the rows from `top`, which is even, up to `bottom`.
    void shadow(const Lighting &lighting, const float *depth, int top, int bottom);
    void shade(const Lighting &lighting, std::uint8_t *rgb, float *depth, int top, int bottom) const;
    bool isLit(Vec point, Vec lamp, std::uint16_t own) const;
    float litAt(int u, int v, std::uint16_t own) const;
    Vec pointAt(int u, int v, float depth) const;

    int width_, height_;
    float near_, far_;
    /// Left and up of each column's and row's ray that goes 1 m ahead.
    std::vector<float> leftOf_, upOf_;
    std::vector<Target> targets_;
    std::vector<std::uint16_t> seen_;
    /// For every second pixel of every second row.
    std::vector<float> lit_;
    Vec eye_, ahead_, left_, up_;
    std::vector<std::uint8_t> response_;
};

}

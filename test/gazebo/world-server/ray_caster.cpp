#include "ray_caster.hpp"

#include <thread>

#include "shapes.hpp"
#include "time.hpp"

namespace world_server {

namespace math = ignition::math;

namespace {

constexpr std::uint16_t kNone = 0xffff;
constexpr int kLevels = 4095;
/// What ends nearer to the camera than this fills the picture as far as its window is concerned, m.
constexpr double kClose = 0.01;

}

RayCaster::RayCaster(unsigned width, unsigned height, double focal, double near, double far) :
  width_(width), height_(height), near_(near), far_(far), seen_(std::size_t(width) * height), lit_(std::size_t((width + 1) / 2) * ((height + 1) / 2))
{
  for (int u = 0; u < width_; ++u)
    leftOf_.push_back(static_cast<float>((width_ / 2.0 - u - 0.5) / focal));
  for (int v = 0; v < height_; ++v)
    upOf_.push_back(static_cast<float>((height_ / 2.0 - v - 0.5) / focal));
  for (int level = 0; level <= kLevels; ++level)
    response_.push_back(static_cast<std::uint8_t>(std::lround(255 * std::pow(level / double(kLevels), 1 / 2.2))));
}

double RayCaster::draw(const math::Pose3d &camera, const std::vector<PlacedSolid> &solids, const Lighting &lighting, std::uint8_t *rgb, float *depth)
{
  const double began = processorSeconds();
  double elsewhere = 0;
  // Whoever steps the world waits for its picture: one half of it is drawn beside the other.
  const auto inHalves = [&](const auto &draw) {
    const int middle = height_ / 4 * 2;
    std::thread other([&] {
      draw(middle, height_);
      elsewhere += processorSeconds();
    });
    draw(0, middle);
    other.join();
  };
  place(camera, solids, lighting);
  inHalves([&](int top, int bottom) {
    std::fill(depth + std::size_t(top) * width_, depth + std::size_t(bottom) * width_, kNothing);
    std::fill(seen_.begin() + std::ptrdiff_t(top) * width_, seen_.begin() + std::ptrdiff_t(bottom) * width_, kNone);
    for (std::uint16_t id = 0; id < targets_.size(); ++id) {
      const auto &target = targets_[id];
      Window window;
      if (!windowOf(target, camera, window))
        continue;
      window.top = std::max(window.top, top);
      window.bottom = std::min(window.bottom, bottom);
      switch (target.shape) {
        case Solid::Shape::box: cover<Solid::Shape::box>(target, id, window, depth); break;
        case Solid::Shape::cylinder: cover<Solid::Shape::cylinder>(target, id, window, depth); break;
        case Solid::Shape::capsule: cover<Solid::Shape::capsule>(target, id, window, depth); break;
        case Solid::Shape::sphere: cover<Solid::Shape::sphere>(target, id, window, depth); break;
        case Solid::Shape::ellipsoid: cover<Solid::Shape::ellipsoid>(target, id, window, depth); break;
      }
    }
    shadow(lighting, depth, top, bottom);
  });
  inHalves([&](int top, int bottom) { shade(lighting, rgb, depth, top, bottom); });
  return processorSeconds() - began + elsewhere;
}

void RayCaster::place(const math::Pose3d &camera, const std::vector<PlacedSolid> &solids, const Lighting &lighting)
{
  const auto vec = [](const math::Vector3d &v) { return Vec{float(v.X()), float(v.Y()), float(v.Z())}; };
  const auto ahead = camera.Rot() * math::Vector3d::UnitX, left = camera.Rot() * math::Vector3d::UnitY, up = camera.Rot() * math::Vector3d::UnitZ;
  eye_ = vec(camera.Pos());
  ahead_ = vec(ahead);
  left_ = vec(left);
  up_ = vec(up);
  targets_.clear();
  for (const auto &[solid, pose] : solids) {
    const auto back = pose.Rot().Inverse();
    Target target{solid->shape, vec(solid->size), float(solid->radius), vec(pose.Pos()),
      {vec(pose.Rot() * math::Vector3d::UnitX), vec(pose.Rot() * math::Vector3d::UnitY), vec(pose.Rot() * math::Vector3d::UnitZ)},
      vec(back * (camera.Pos() - pose.Pos())), vec(back * ahead), vec(back * left), vec(back * up), vec(back * (lighting.lamp - pose.Pos())),
      {solid->diffuse[0], solid->diffuse[1], solid->diffuse[2]}, solid->specular};
    targets_.push_back(target);
  }
}

/// Which pixels the ball around a solid may touch; false where it is behind the camera or beside the picture.
bool RayCaster::windowOf(const Target &target, const math::Pose3d &camera, Window &window) const
{
  const auto centre = camera.Rot().Inverse() * (math::Vector3d(target.centre.x, target.centre.y, target.centre.z) - camera.Pos());
  const double radius = target.radius;
  if (centre.X() + radius < near_)
    return false;
  window = {0, width_, 0, height_};
  if (centre.X() - radius < kClose)
    return true;
  // Tangents from the eye to the ball's circle in the plane of the axis and one side.
  const auto range = [&](double side, double &low, double &high) {
    const double middle = std::atan2(side, centre.X()), half = std::asin(std::min(1.0, radius / std::hypot(side, centre.X())));
    low = std::tan(std::max(middle - half, -1.57));
    high = std::tan(std::min(middle + half, 1.57));
  };
  double low, high;
  const double perPixel = leftOf_[0] - leftOf_[1];
  range(centre.Y(), low, high);
  window.left = std::max(0, int(std::floor((leftOf_[0] - high) / perPixel)));
  window.right = int(std::min(double(width_), std::ceil((leftOf_[0] - low) / perPixel) + 1));
  range(centre.Z(), low, high);
  window.top = std::max(0, int(std::floor((upOf_[0] - high) / perPixel)));
  window.bottom = int(std::min(double(height_), std::ceil((upOf_[0] - low) / perPixel) + 1));
  return window.left < window.right && window.top < window.bottom;
}

template <Solid::Shape shape>
void RayCaster::cover(const Target &target, std::uint16_t id, const Window &window, float *depth)
{
  const auto [sx, sy, sz] = target.size;
  const auto [ox, oy, oz] = target.eye;
  const auto [lx, ly, lz] = target.left;
  const float *leftOf = leftOf_.data();
  for (int v = window.top; v < window.bottom; ++v) {
    const float up = upOf_[v];
    const float rx = target.ahead.x + up * target.up.x, ry = target.ahead.y + up * target.up.y, rz = target.ahead.z + up * target.up.z;
    float *first = depth + std::size_t(v) * width_;
    std::uint16_t *seen = seen_.data() + std::size_t(v) * width_;
    for (int u = window.left; u < window.right; ++u) {
      const float left = leftOf[u];
      const float t = entry<shape>(sx, sy, sz, ox, oy, oz, rx + left * lx, ry + left * ly, rz + left * lz);
      const bool nearer = t < first[u];
      first[u] = nearer ? t : first[u];
      seen[u] = nearer ? id : seen[u];
    }
  }
}

RayCaster::Vec RayCaster::pointAt(int u, int v, float depth) const
{
  const float left = depth * leftOf_[u], up = depth * upOf_[v];
  return {eye_.x + depth * ahead_.x + left * left_.x + up * up_.x, eye_.y + depth * ahead_.y + left * left_.y + up * up_.y,
    eye_.z + depth * ahead_.z + left * left_.z + up * up_.z};
}

/// Whether nothing but the point's own solid, which is convex, stands between it and the lamp.
bool RayCaster::isLit(Vec point, Vec lamp, std::uint16_t own) const
{
  const float x = point.x - lamp.x, y = point.y - lamp.y, z = point.z - lamp.z;
  const float square = x * x + y * y + z * z;
  for (std::uint16_t id = 0; id < targets_.size(); ++id) {
    if (id == own)
      continue;
    const auto &target = targets_[id];
    const float cx = target.centre.x - lamp.x, cy = target.centre.y - lamp.y, cz = target.centre.z - lamp.z;
    // The nearest point of the way to the ball's centre, as a share of it.
    const float along = std::clamp((cx * x + cy * y + cz * z) / square, 0.f, 1.f);
    const float ex = cx - along * x, ey = cy - along * y, ez = cz - along * z;
    if (ex * ex + ey * ey + ez * ez > target.radius * target.radius)
      continue;
    const auto &a = target.axes;
    const float dx = a[0].x * x + a[0].y * y + a[0].z * z, dy = a[1].x * x + a[1].y * y + a[1].z * z, dz = a[2].x * x + a[2].y * y + a[2].z * z;
    const auto [sx, sy, sz] = target.size;
    const auto [ox, oy, oz] = target.lamp;
    float t = kNothing;
    switch (target.shape) {
      case Solid::Shape::box: t = entry<Solid::Shape::box>(sx, sy, sz, ox, oy, oz, dx, dy, dz); break;
      case Solid::Shape::cylinder: t = entry<Solid::Shape::cylinder>(sx, sy, sz, ox, oy, oz, dx, dy, dz); break;
      case Solid::Shape::capsule: t = entry<Solid::Shape::capsule>(sx, sy, sz, ox, oy, oz, dx, dy, dz); break;
      case Solid::Shape::sphere: t = entry<Solid::Shape::sphere>(sx, sy, sz, ox, oy, oz, dx, dy, dz); break;
      case Solid::Shape::ellipsoid: t = entry<Solid::Shape::ellipsoid>(sx, sy, sz, ox, oy, oz, dx, dy, dz); break;
    }
    if (t < 0.999f)
      return false;
  }
  return true;
}

void RayCaster::shadow(const Lighting &lighting, const float *depth, int top, int bottom)
{
  const Vec lamp{float(lighting.lamp.X()), float(lighting.lamp.Y()), float(lighting.lamp.Z())};
  std::size_t at = std::size_t(top / 2) * ((width_ + 1) / 2);
  for (int v = top; v < bottom; v += 2) {
    for (int u = 0; u < width_; u += 2, ++at) {
      const std::size_t pixel = std::size_t(v) * width_ + u;
      const auto id = seen_[pixel];
      const bool isDark = id != kNone && lighting.hasLamp && lighting.castShadows && !isLit(pointAt(u, v, depth[pixel]), lamp, id);
      lit_[at] = isDark ? 0 : 1;
    }
  }
}

/// How much of the lamp a pixel sees: the mean of the shadow samples around it that lie on the same solid.
float RayCaster::litAt(int u, int v, std::uint16_t own) const
{
  const int u0 = u & ~1, v0 = v & ~1;
  if (u == u0 && v == v0)
    return lit_[std::size_t(v0 / 2) * ((width_ + 1) / 2) + u0 / 2];
  const int u1 = u != u0 && u0 + 2 < width_ ? u0 + 2 : u0, v1 = v != v0 && v0 + 2 < height_ ? v0 + 2 : v0;
  float sum = 0, weight = 0;
  for (int y = v0; y <= v1; y += 2) {
    for (int x = u0; x <= u1; x += 2) {
      const float w = seen_[std::size_t(y) * width_ + x] == own ? 1 : 1e-3f;
      sum += w * lit_[std::size_t(y / 2) * ((width_ + 1) / 2) + x / 2];
      weight += w;
    }
  }
  return sum / weight;
}

/// Lambert's law with a small highlight; and depth outside the sensor's range becomes infinite.
void RayCaster::shade(const Lighting &lighting, std::uint8_t *rgb, float *depth, int top, int bottom) const
{
  for (int v = top; v < bottom; ++v) {
    for (int u = 0; u < width_; ++u) {
      const std::size_t pixel = std::size_t(v) * width_ + u;
      std::uint8_t *out = rgb + 3 * pixel;
      const auto id = seen_[pixel];
      if (id == kNone) {
        std::copy(lighting.background, lighting.background + 3, out);
        continue;
      }
      const auto &target = targets_[id];
      const float t = depth[pixel], left = leftOf_[u], up = upOf_[v];
      float nx = target.eye.x + t * (target.ahead.x + left * target.left.x + up * target.up.x);
      float ny = target.eye.y + t * (target.ahead.y + left * target.left.y + up * target.up.y);
      float nz = target.eye.z + t * (target.ahead.z + left * target.left.z + up * target.up.z);
      // In the solid's frame: from the point to the lamp and to the eye.
      float tx = target.lamp.x - nx, ty = target.lamp.y - ny, tz = target.lamp.z - nz;
      float ex = target.eye.x - nx, ey = target.eye.y - ny, ez = target.eye.z - nz;
      normalAt(target.shape, target.size.x, target.size.y, target.size.z, nx, ny, nz);
      const float size = 1 / std::sqrt(nx * nx + ny * ny + nz * nz);
      nx *= size; ny *= size; nz *= size;
      float light = lighting.ambient, shine = 0;
      const float square = tx * tx + ty * ty + tz * tz, distance = std::sqrt(square);
      const float facing = (nx * tx + ny * ty + nz * tz) / distance;
      if (lighting.hasLamp && facing > 0) {
        const float strength = litAt(u, v, id) * lighting.intensity / (lighting.constant + lighting.linear * distance + lighting.quadratic * square);
        light += strength * facing;
        const float eye = 1 / std::sqrt(ex * ex + ey * ey + ez * ez), towards = 1 / distance;
        tx = tx * towards + ex * eye; ty = ty * towards + ey * eye; tz = tz * towards + ez * eye;
        float gloss = std::max(0.f, (nx * tx + ny * ty + nz * tz) / std::sqrt(tx * tx + ty * ty + tz * tz));
        for (int i = 0; i < 5; ++i)
          gloss *= gloss;
        shine = target.specular * strength * gloss;
      }
      for (int c = 0; c < 3; ++c)
        out[c] = response_[std::min(kLevels, int(kLevels * (target.diffuse[c] * light + shine)))];
      if (t < near_ || t > far_)
        depth[pixel] = t < near_ ? -kNothing : kNothing;
    }
  }
}

}

#include "camera.hpp"

#include <cmath>
#include <cstring>

#include <sdf/Camera.hh>
#include <sdf/Light.hh>
#include <sdf/Link.hh>
#include <sdf/Scene.hh>
#include <sdf/Sensor.hh>

namespace world_server {

namespace math = ignition::math;
namespace msgs = ignition::msgs;

namespace {

Lighting lightingOf(const sdf::World &world)
{
  Lighting lighting{};
  const auto *scene = world.Scene();
  auto ambient = scene ? scene->Ambient() : math::Color(0.4f, 0.4f, 0.4f);
  auto background = scene ? scene->Background() : math::Color(0.7f, 0.7f, 0.7f);
  lighting.ambient = ambient[0];
  for (unsigned c = 0; c < 3; ++c)
    lighting.background[c] = static_cast<std::uint8_t>(std::lround(255 * background[c]));
  for (std::uint64_t i = 0; i < world.LightCount(); ++i) {
    const auto *light = world.LightByIndex(i);
    if (light->Type() != sdf::LightType::POINT)
      continue;
    lighting.hasLamp = true;
    lighting.castShadows = light->CastShadows() && (!scene || scene->Shadows());
    lighting.lamp = light->RawPose().Pos();
    lighting.intensity = light->Intensity() * light->Diffuse()[0];
    lighting.constant = light->ConstantAttenuationFactor();
    lighting.linear = light->LinearAttenuationFactor();
    lighting.quadratic = light->QuadraticAttenuationFactor();
    break;
  }
  return lighting;
}

msgs::Image pictureOf(unsigned width, unsigned height, unsigned step, msgs::PixelFormatType format)
{
  msgs::Image image;
  image.set_width(width);
  image.set_height(height);
  image.set_step(step);
  image.set_pixel_format_type(format);
  image.mutable_data()->resize(std::size_t(step) * height);
  return image;
}

}

Cameras::Cameras(const sdf::World &description, World &world, ignition::transport::Node &node) : lighting_(lightingOf(description))
{
  for (const auto &model : world.models()) {
    for (const auto &link : model->links) {
      const auto *described = model->description.LinkByName(link.name);
      for (std::uint64_t i = 0; i < described->SensorCount(); ++i) {
        const auto *sensor = described->SensorByIndex(i);
        if (sensor->Type() != sdf::SensorType::RGBD_CAMERA)
          continue;
        const auto &camera = *sensor->CameraSensor();
        const unsigned width = camera.ImageWidth(), height = camera.ImageHeight();
        const double focal = width / 2.0 / std::tan(camera.HorizontalFov().Radian() / 2);
        math::Pose3d pose;
        sensor->SemanticPose().Resolve(pose);
        const auto frame = camera.Element()->Get<std::string>("optical_frame_id", model->name + "::" + link.name + "::" + sensor->Name()).first;
        msgs::CameraInfo info;
        info.set_width(width);
        info.set_height(height);
        for (const double k : {focal, 0.0, width / 2.0, 0.0, focal, height / 2.0, 0.0, 0.0, 1.0})
          info.mutable_intrinsics()->add_k(k);
        for (const double p : {focal, 0.0, width / 2.0, 0.0, 0.0, focal, height / 2.0, 0.0, 0.0, 0.0, 1.0, 0.0})
          info.mutable_projection()->add_p(p);
        for (const double r : {1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0})
          info.add_rectification_matrix(r);
        const auto topic = sensor->Topic();
        cameras_.push_back(std::unique_ptr<Camera>(new Camera{model->name, link.name, pose, Beat(sensor->UpdateRate()),
          RayCaster(width, height, focal, camera.NearClip(), camera.FarClip()), std::vector<float>(std::size_t(width) * height), frame,
          pictureOf(width, height, 3 * width, msgs::PixelFormatType::RGB_INT8),
          pictureOf(width, height, 4 * width, msgs::PixelFormatType::R_FLOAT32), info,
          node.Advertise<msgs::Image>(topic + "/image"), node.Advertise<msgs::Image>(topic + "/depth_image"),
          node.Advertise<msgs::CameraInfo>(topic + "/camera_info")}));
      }
    }
  }
}

void Cameras::reset()
{
  for (auto &camera : cameras_)
    camera->beat.reset();
}

void Cameras::update(World &world, SimTime now)
{
  for (auto &camera : cameras_) {
    if (!camera->beat.due(now) || (!camera->toColour.HasConnections() && !camera->toDepth.HasConnections() && !camera->toInfo.HasConnections()))
      continue;
    solids_.clear();
    for (const auto &model : world.models()) {
      for (const auto &link : model->links) {
        for (const auto &solid : link.solids)
          solids_.push_back({&solid, link.pose * solid.pose});
      }
    }
    const auto eye = world.model(camera->model)->link(camera->link)->pose * camera->pose;
    auto *rgb = reinterpret_cast<std::uint8_t *>(camera->colour.mutable_data()->data());
    seconds_ += camera->caster.draw(eye, solids_, lighting_, rgb, camera->depths.data());
    std::memcpy(camera->depth.mutable_data()->data(), camera->depths.data(), camera->depths.size() * sizeof(float));
    ++drawn_;
    for (auto *header : {camera->colour.mutable_header(), camera->depth.mutable_header(), camera->info.mutable_header()}) {
      header->Clear();
      setHeader(*header, now, camera->frame);
    }
    camera->toInfo.Publish(camera->info);
    camera->toColour.Publish(camera->colour);
    camera->toDepth.Publish(camera->depth);
  }
}

}

#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ignition/msgs/camera_info.pb.h>
#include <ignition/msgs/image.pb.h>
#include <ignition/transport/Node.hh>
#include <sdf/World.hh>

#include "ray_caster.hpp"
#include "time.hpp"
#include "world.hpp"

namespace world_server {

/// The rgbd_camera sensors on the models' links: colour, depth and intrinsics, drawn where somebody listens.
class Cameras
{
  public:
    Cameras(const sdf::World &description, World &world, ignition::transport::Node &node);

    void update(World &world, SimTime now);
    void reset();

    /// Pictures drawn, and the processors' seconds spent in drawing them.
    std::uint64_t drawn() const { return drawn_; }
    double seconds() const { return seconds_; }

  private:
    struct Camera
    {
      std::string model, link;
      ignition::math::Pose3d pose;
      Beat beat;
      RayCaster caster;
      std::vector<float> depths;
      std::string frame;
      ignition::msgs::Image colour, depth;
      ignition::msgs::CameraInfo info;
      ignition::transport::Node::Publisher toColour, toDepth, toInfo;
    };

    Lighting lighting_;
    std::vector<std::unique_ptr<Camera>> cameras_;
    std::vector<PlacedSolid> solids_;
    std::uint64_t drawn_ = 0;
    double seconds_ = 0;
};

}

#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include <ignition/transport/Node.hh>
#include <sdf/Noise.hh>

#include "time.hpp"
#include "world.hpp"

namespace world_server {

/// The force_torque sensors on the models' joints, in the frame `sensor`.
class ForceTorqueSensors
{
  public:
    /// Throws std::runtime_error where a sensor measures in another frame.
    ForceTorqueSensors(World &world, ignition::transport::Node &node);

    /// Reads and publishes what is due.
    void update(SimTime now);

    /// Takes over another world with the same models; the constant errors are drawn anew.
    void reset(World &world, unsigned seed);

  private:
    struct Channel
    {
      sdf::Noise noise;
      double bias = 0;
    };
    struct Sensor
    {
      std::string model, jointName, frame;
      Joint *joint;
      ignition::math::Pose3d pose;
      /// +1 for what the parent does to the child, -1 for the opposite.
      double sign;
      std::array<Channel, 6> channels;
      Beat beat;
      ignition::transport::Node::Publisher publisher;
    };

    double disturbed(double value, Channel &channel);

    std::vector<Sensor> sensors_;
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
};

}

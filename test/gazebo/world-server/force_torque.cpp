#include "force_torque.hpp"

#include <stdexcept>

#include <ignition/msgs/Utility.hh>
#include <ignition/msgs/wrench.pb.h>
#include <sdf/ForceTorque.hh>
#include <sdf/Joint.hh>
#include <sdf/Sensor.hh>

namespace world_server {

namespace math = ignition::math;

ForceTorqueSensors::ForceTorqueSensors(World &world, ignition::transport::Node &node)
{
  for (const auto &model : world.models()) {
    for (const auto &joint : model->joints) {
      for (std::uint64_t i = 0; i < joint.description->SensorCount(); ++i) {
        const auto *sensor = joint.description->SensorByIndex(i);
        if (sensor->Type() != sdf::SensorType::FORCE_TORQUE)
          continue;
        const auto &measured = *sensor->ForceTorqueSensor();
        if (measured.Frame() != sdf::ForceTorqueFrame::SENSOR)
          throw std::runtime_error("sensor " + sensor->Name() + ": of the frames, only `sensor` is measured in");
        const double sign = measured.MeasureDirection() == sdf::ForceTorqueMeasureDirection::CHILD_TO_PARENT ? -1 : 1;
        if (sensor->Topic().empty())
          throw std::runtime_error("sensor " + sensor->Name() + ": names no topic");
        sensors_.push_back({model->name, joint.name, model->name + "::" + joint.name + "::" + sensor->Name(), nullptr, sensor->RawPose(), sign,
          {{{measured.ForceXNoise()}, {measured.ForceYNoise()}, {measured.ForceZNoise()},
            {measured.TorqueXNoise()}, {measured.TorqueYNoise()}, {measured.TorqueZNoise()}}},
          Beat(sensor->UpdateRate()), node.Advertise<ignition::msgs::Wrench>(sensor->Topic())});
      }
    }
  }
  reset(world, 0);
}

void ForceTorqueSensors::reset(World &world, unsigned seed)
{
  random_.seed(seed);
  normal_.reset();
  for (auto &sensor : sensors_) {
    sensor.joint = world.model(sensor.model)->joint(sensor.jointName);
    sensor.beat.reset();
    for (auto &channel : sensor.channels)
      channel.bias = channel.noise.BiasMean() + channel.noise.BiasStdDev() * normal_(random_);
  }
}

double ForceTorqueSensors::disturbed(double value, Channel &channel)
{
  if (channel.noise.Type() == sdf::NoiseType::NONE)
    return value;
  return value + channel.noise.Mean() + channel.bias + channel.noise.StdDev() * normal_(random_);
}

void ForceTorqueSensors::update(SimTime now)
{
  for (auto &sensor : sensors_) {
    if (!sensor.beat.due(now))
      continue;
    const auto turn = sensor.pose.Rot().Inverse();
    const math::Vector3d force = sensor.sign * (turn * sensor.joint->transmittedForce);
    const math::Vector3d torque = sensor.sign * (turn * sensor.joint->transmittedTorque) - (turn * sensor.pose.Pos()).Cross(force);
    ignition::msgs::Wrench message;
    setHeader(*message.mutable_header(), now, sensor.frame);
    auto &channels = sensor.channels;
    ignition::msgs::Set(message.mutable_force(),
      {disturbed(force.X(), channels[0]), disturbed(force.Y(), channels[1]), disturbed(force.Z(), channels[2])});
    ignition::msgs::Set(message.mutable_torque(),
      {disturbed(torque.X(), channels[3]), disturbed(torque.Y(), channels[4]), disturbed(torque.Z(), channels[5])});
    sensor.publisher.Publish(message);
  }
}

}

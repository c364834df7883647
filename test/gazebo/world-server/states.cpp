#include "states.hpp"

#include <ignition/msgs/Utility.hh>
#include <ignition/msgs/model.pb.h>
#include <ignition/msgs/pose_v.pb.h>
#include <sdf/Joint.hh>
#include <sdf/JointAxis.hh>
#include <sdf/Link.hh>

#include "systems.hpp"

namespace world_server {

namespace math = ignition::math;
namespace msgs = ignition::msgs;

JointStates::JointStates(const std::string &worldName, World &world, ignition::transport::Node &node)
{
  for (const auto &model : world.models()) {
    for (const auto &plugin : pluginsOf(model->description.Element(), "JointStatePublisher")) {
      const auto topic = plugin->Get<std::string>("topic", "/world/" + worldName + "/model/" + model->name + "/joint_state").first;
      publishers_.push_back({model->name, node.Advertise<msgs::Model>(topic)});
    }
  }
}

void JointStates::update(World &world, SimTime now)
{
  for (auto &[name, publisher] : publishers_) {
    auto *model = world.model(name);
    msgs::Model message;
    setHeader(*message.mutable_header(), now);
    message.set_name(name);
    message.set_id(model->id);
    for (const auto &joint : model->joints) {
      if (!joint.moves)
        continue;
      auto &out = *message.add_joint();
      out.set_name(joint.name);
      out.set_id(joint.id);
      out.set_parent(joint.description->ParentLinkName());
      out.set_child(joint.description->ChildLinkName());
      auto &axis = *out.mutable_axis1();
      axis.set_position(joint.position);
      axis.set_velocity(joint.velocity);
      axis.set_force(joint.applied);
      const auto &described = *joint.description->Axis(0);
      axis.set_limit_lower(described.Lower());
      axis.set_limit_upper(described.Upper());
      axis.set_damping(described.Damping());
      msgs::Set(axis.mutable_xyz(), described.Xyz());
    }
    publisher.Publish(message);
  }
}

Poses::Poses(const std::string &worldName, ignition::transport::Node &node) :
  all_(node.Advertise<msgs::Pose_V>("/world/" + worldName + "/pose/info")),
  moving_(node.Advertise<msgs::Pose_V>("/world/" + worldName + "/dynamic_pose/info"))
{
}

void Poses::update(World &world, SimTime now)
{
  if (!beat_.due(now) || (!all_.HasConnections() && !moving_.HasConnections()))
    return;
  msgs::Pose_V all, moving;
  setHeader(*all.mutable_header(), now);
  setHeader(*moving.mutable_header(), now);
  const auto add = [&](const math::Pose3d &pose, const std::string &name, std::uint64_t id, bool fixed) {
    auto &out = *all.add_pose();
    msgs::Set(&out, pose);
    out.set_name(name);
    out.set_id(id);
    if (!fixed)
      *moving.add_pose() = out;
  };
  for (const auto &model : world.models()) {
    const bool fixed = model->description.Static();
    if (model->links.empty())
      continue;
    // A model is where its first link, which never moves within it, says.
    math::Pose3d within;
    model->description.LinkByIndex(0)->SemanticPose().Resolve(within);
    const auto pose = model->links[0].pose * within.Inverse();
    add(pose, model->name, model->id, fixed);
    for (const auto &link : model->links)
      add(pose.Inverse() * link.pose, link.name, link.id, fixed);
  }
  all_.Publish(all);
  moving_.Publish(moving);
}

}

#include "user_commands.hpp"

#include <iostream>

#include <ignition/msgs/Utility.hh>
#include <ignition/msgs/boolean.pb.h>
#include <ignition/msgs/entity.pb.h>
#include <ignition/msgs/entity_factory.pb.h>
#include <ignition/msgs/pose.pb.h>
#include <sdf/Root.hh>

namespace world_server {

namespace math = ignition::math;
namespace msgs = ignition::msgs;

namespace {

bool create(World &world, const msgs::EntityFactory &request)
{
  sdf::Root root;
  const auto errors = request.sdf().empty() ? root.Load(request.sdf_filename()) : root.LoadSdfString(request.sdf());
  for (const auto &error : errors)
    std::cerr << "create: " << error << "\n";
  if (!errors.empty() || !root.Model())
    return false;
  const auto name = request.name().empty() ? root.Model()->Name() : request.name();
  std::string free = name;
  for (int n = 0; request.allow_renaming() && world.model(free); ++n)
    free = name + "_" + std::to_string(n);
  const math::Pose3d pose = msgs::Convert(request.pose());
  return world.create(*root.Model(), free, request.has_pose() ? &pose : nullptr);
}

template <typename Request>
void offer(ignition::transport::Node &node, const std::string &service, Jobs &jobs, std::function<bool(const Request &)> act)
{
  const std::function<bool(const Request &, msgs::Boolean &)> answer = [&jobs, act](const Request &request, msgs::Boolean &reply) {
    reply.set_data(jobs.ask([&] { return act(request); }));
    return true;
  };
  node.Advertise(service, answer);
}

}

void offerUserCommands(const std::string &worldName, ignition::transport::Node &node, Jobs &jobs, std::function<World &()> world)
{
  const auto prefix = "/world/" + worldName;
  offer<msgs::EntityFactory>(node, prefix + "/create", jobs, [world](const msgs::EntityFactory &request) { return create(world(), request); });
  offer<msgs::Entity>(node, prefix + "/remove", jobs, [world](const msgs::Entity &request) {
    return request.type() == msgs::Entity::MODEL && world().remove(request.name());
  });
  offer<msgs::Pose>(node, prefix + "/set_pose", jobs, [world](const msgs::Pose &request) {
    return world().setPose(request.name(), msgs::Convert(request));
  });
}

}

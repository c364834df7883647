#include "control.hpp"

#include <ignition/msgs/boolean.pb.h>
#include <ignition/msgs/world_control.pb.h>

namespace world_server {

namespace msgs = ignition::msgs;

void offerControl(const std::string &worldName, ignition::transport::Node &node, Jobs &jobs, Controlled controlled)
{
  using Answer = std::function<bool(const msgs::WorldControl &, msgs::Boolean &)>;
  const Answer answer = [&jobs, controlled](const msgs::WorldControl &request, msgs::Boolean &reply) {
    reply.set_data(jobs.ask([&] {
      controlled.pause(request.pause());
      if (request.seed() != 0)
        controlled.seed(request.seed());
      if (request.has_reset() && (request.reset().all() || request.reset().model_only()))
        controlled.reset();
      else if (request.has_reset() && request.reset().time_only())
        controlled.resetTime();
      const unsigned steps = request.multi_step() > 0 ? request.multi_step() : request.step() ? 1 : 0;
      // As in the simulator, steps are for a world that stands still.
      if (request.pause() && steps > 0)
        controlled.step(steps);
      return true;
    }));
    return true;
  };
  node.Advertise("/world/" + worldName + "/control", answer);
}

}

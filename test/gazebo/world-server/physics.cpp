#include "physics.hpp"

#include <stdexcept>
#include <string>

#include <ignition/physics/RequestEngine.hh>
#include <ignition/plugin/Loader.hh>

namespace world_server {

EnginePtr newEngine()
{
  static ignition::plugin::Loader loader;
  static const auto names = loader.LoadLib(DARTSIM_PLUGIN);
  if (names.empty())
    throw std::runtime_error("no dartsim plugin at " DARTSIM_PLUGIN " (Debian: libignition-physics5-dartsim-plugin5)");
  const auto plugin = loader.Instantiate(*names.begin());
  auto engine = physics::RequestEngine3d<Features>::From(plugin);
  if (engine)
    return engine;
  std::string missing;
  for (const auto &name : physics::RequestEngine3d<Features>::MissingFeatureNames(plugin))
    missing += " " + name;
  throw std::runtime_error("the dartsim plugin lacks" + missing);
}

}

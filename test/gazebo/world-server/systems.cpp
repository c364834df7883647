#include "systems.hpp"

namespace world_server {

std::vector<sdf::ElementPtr> pluginsOf(const sdf::ElementPtr &element, const std::string &system)
{
  std::vector<sdf::ElementPtr> found;
  if (!element || !element->HasElement("plugin"))
    return found;
  for (auto plugin = element->GetElement("plugin"); plugin; plugin = plugin->GetNextElement("plugin")) {
    const auto name = plugin->Get<std::string>("name");
    const auto colons = name.rfind("::");
    if (name.substr(colons == std::string::npos ? 0 : colons + 2) == system)
      found.push_back(plugin);
  }
  return found;
}

bool asksFor(const sdf::ElementPtr &element, const std::string &system) { return !pluginsOf(element, system).empty(); }

}

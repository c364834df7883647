#pragma once

#include <string>
#include <vector>

#include <sdf/Element.hh>

namespace world_server {

/// Whether the world file or model asks for a system of the simulator, by its plugin's name without namespaces ("Physics").
bool asksFor(const sdf::ElementPtr &element, const std::string &system);

/// The plugin elements that ask for it, in order.
std::vector<sdf::ElementPtr> pluginsOf(const sdf::ElementPtr &element, const std::string &system);

}

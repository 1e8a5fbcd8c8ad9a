#include "commands.h"
#include "infomtl/plugin/plugin.h"

namespace infomtl::commands {

void load_plugins(const std::vector<std::string>& files) {
  for (const std::string& file : files) load_plugin(file);
}

}  // namespace infomtl::commands

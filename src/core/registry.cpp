#include "infomtl/core/registry.h"

#include "infomtl/core/config.h"

namespace infomtl {

void with_name(const Config& config, const std::string& fallback,
               const std::function<void(const std::string&, const Config&)>& use) {
  const Config object = config.named();
  use(fallback.empty() ? object.text("name") : object.text("name", fallback), object);
}

void refuse_name(const Config& config, const std::string& kind, const std::string& name,
                 const std::vector<std::string>& known) {
  throw UnknownNameError((config.is_object() ? config.where("name") : config.where()) + ": unknown " + kind + " \"" +
                         name + "\"" + did_you_mean(name, known));
}

}  // namespace infomtl

#include "infomtl/core/registry.h"

#include "infomtl/core/config.h"

namespace infomtl {

void with_name(const Config& config, const std::string& fallback,
               const std::function<void(const std::string&, const Config&)>& use) {
  const Config object = config.named();
  use(fallback.empty() ? object.text("name") : object.text("name", fallback), object);
}

void refuse_name(const Config& config, const std::string& kind, const std::string& name,
                 const std::vector<std::string>& known, const std::string& meant) {
  throw UnknownNameError((config.is_object() ? config.where("name") : config.where()) + ": unknown " + kind + " \"" +
                         name + "\"" +
                         (meant.empty() ? did_you_mean(name, known) : "; here that is \"" + meant + "\""));
}

}  // namespace infomtl

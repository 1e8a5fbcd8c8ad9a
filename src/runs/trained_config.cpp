#include "runs/trained_config.h"

#include <initializer_list>
#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "infomtl/core/json_difference.h"

namespace infomtl {
namespace {

void take_out(Json& object, std::initializer_list<const char*> keys) {
  if (!object.is_object()) return;
  for (const char* const key : keys) object.erase(key);
}

void take_out(Json& config, const char* section, std::initializer_list<const char*> keys) {
  const auto found = config.find(section);
  if (found == config.end()) return;
  take_out(*found, keys);
  if (found->is_object() && found->empty()) config.erase(found);
}

}  // namespace

Json trained_config(const Json& config) {
  Json kept = config;
  if (!kept.is_object()) return kept;
  take_out(kept, {"name", "description", "start", "device", "evaluation"});
  take_out(kept, "encoder", {"path", "weights"});
  take_out(kept, "data", {"root", "tasks", "leave_out"});
  take_out(kept, "training", {"epochs", "checkpoint_every", "keep", "report_every", "evaluation_batch_size"});
  return kept;
}

void refuse_changed_config(const Json& config, const std::filesystem::path& file, const Json& state,
                           const std::filesystem::path& checkpoint) {
  const auto kept = state.find("config");
  if (kept == state.end()) return;
  const auto difference = find_difference(trained_config(config), trained_config(*kept));
  if (!difference) return;
  throw UserError(file.string() + "#" + difference->path + ": " + difference->first + ", but " + checkpoint.string() +
                  " was trained with " + difference->second + "; put that back, or train another run");
}

}  // namespace infomtl

// Which pooling a folder of sentence-transformers asks for.

#include <string>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/encoder.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModePrefix = "pooling_mode_";

std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The configuration of the pooling among the folder's modules; a file below the folder.
fs::path pooling_file(const fs::path& folder) {
  const fs::path modules = folder / "modules.json";
  if (!is_there(modules)) return folder / "1_Pooling" / "config.json";
  const Json list = read_json(modules);
  if (!list.is_array()) throw FormatError(modules.string() + ": not a list of modules");
  for (const Json& module : list) {
    if (!text_of(module, "type").ends_with(".Pooling")) continue;
    const fs::path path = text_of(module, "path");
    if (path.empty() || path != path.filename() || path == "..") {
      throw FormatError(modules.string() + ": the path of its Pooling is not a folder here");
    }
    return folder / path / "config.json";
  }
  return {};
}

/// "cls_token", "mean_tokens", ...: what is on in the file, in its older form or as "pooling_mode": "mean".
std::vector<std::string> modes_of(const Json& config) {
  std::vector<std::string> modes;
  if (!config.is_object()) return modes;
  if (const std::string one = text_of(config, "pooling_mode"); !one.empty()) return {one};
  for (const auto& [key, value] : config.items()) {
    if (key.starts_with(kModePrefix) && value == true) modes.push_back(key.substr(std::string(kModePrefix).size()));
  }
  return modes;
}

}  // namespace

std::optional<StoredPooling> stored_pooling(const fs::path& folder) {
  const fs::path file = pooling_file(folder);
  if (file.empty() || !is_there(file)) return std::nullopt;
  const std::vector<std::string> modes = modes_of(read_json(file));
  if (modes.empty()) return std::nullopt;
  if (modes.size() == 1 && (modes[0] == "mean_tokens" || modes[0] == "mean")) return StoredPooling{Pooling::mean, file};
  if (modes.size() == 1 && (modes[0] == "cls_token" || modes[0] == "cls")) return StoredPooling{Pooling::first, file};
  throw FormatError(file.string() + ": asks for the pooling " + joined(modes) +
                    "; \"first\" and \"mean\" are here, one of them can be asked for with --pooling");
}

}  // namespace infomtl

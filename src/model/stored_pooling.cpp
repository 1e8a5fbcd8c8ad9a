// What a folder of sentence-transformers does with the encoder's states: which pooling it asks for, and the modules behind it.

#include <string>
#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/encoder.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModePrefix = "pooling_mode_";
constexpr const char* kHere =
    "here are pooling_mode_cls_token and pooling_mode_mean_tokens, one of which can be asked for with --pooling first "
    "or --pooling mean";

/// What these files say is no mistake of a config's.
template <class Body>
auto as_format_error(Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const ConfigError& error) {
    throw FormatError(error.what());
  }
}

Config json_config(const fs::path& file) { return Config::from_json(read_json(file), file.string()); }

struct Module {
  std::string kind;  ///< "Pooling", the last part of its type
  Config config;
};

/// The folder's modules in their order; none where it does not list them.
std::vector<Module> modules_of(const fs::path& folder) {
  const fs::path file = folder / "modules.json";
  std::vector<Module> modules;
  if (!is_there(file)) return modules;
  const Json list = read_json(file);
  if (!list.is_array()) {
    throw FormatError(file.string() + ": found " + described(list) + "; must be an array of modules");
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Config module = Config::from_json(list[i], file.string() + "#/" + std::to_string(i));
    const std::string type = module.text("type");
    modules.push_back({type.substr(type.rfind('.') + 1), module});
  }
  return modules;
}

/// The configuration of the pooling among the folder's modules; a file below the folder, empty where there is none.
fs::path pooling_file(const fs::path& folder) {
  if (!is_there(folder / "modules.json")) return folder / "1_Pooling" / "config.json";
  fs::path found;
  for (const Module& module : modules_of(folder)) {
    if (module.kind != "Pooling") continue;
    const fs::path path = module.config.text("path");
    if (path.empty() || path != path.filename() || path == ".." || path == ".") {
      module.config.fail("path", "\"" + path.string() + "\" is not a folder here");
    }
    if (!found.empty()) module.config.fail("type", "a second Pooling; one is implemented");
    found = folder / path / "config.json";
  }
  return found;
}

/// "cls_token", "mean_tokens", ...: what is on in the file, in its older form or as "pooling_mode": "mean".
std::vector<std::string> modes_of(const Config& config) {
  if (config.has("pooling_mode")) return {config.text("pooling_mode")};
  std::vector<std::string> modes;
  for (const auto& [key, value] : config.json().items()) {
    if (key.starts_with(kModePrefix) && config.boolean(key)) modes.push_back(key);
  }
  return modes;
}

/// The width that the pooling was made for must be the encoder's, or the file is another model's.
void check_width(const Config& pooling, const fs::path& folder) {
  constexpr const char* kWidth = "word_embedding_dimension";
  if (!pooling.has(kWidth)) return;
  const std::int64_t width = pooling.integer(kWidth, at_least(1));
  const fs::path file = folder / "config.json";
  if (!is_there(file)) return;
  const Config encoder = json_config(file);
  if (!encoder.is_object()) return;  // which is told where the encoder is read
  for (const char* key : {"hidden_size", "dim"}) {
    if (!encoder.has(key) || !encoder.json().at(key).is_number_integer()) continue;
    const auto hidden = encoder.json().at(key).get<std::int64_t>();
    if (width == hidden) return;
    pooling.fail(kWidth, std::to_string(width) + " is not the encoder's " + std::to_string(hidden) + " (" +
                             encoder.where(key) + "); the file is another model's");
  }
}

Pooling pooling_of(const Config& config) {
  const std::vector<std::string> modes = modes_of(config);
  if (modes.empty()) config.fail(std::string("no pooling_mode_... is true; ") + kHere);
  if (modes.size() > 1) config.fail("several poolings at once, " + joined(modes) + "; " + kHere);
  if (modes[0] == "pooling_mode_mean_tokens" || modes[0] == "mean") return Pooling::mean;
  if (modes[0] == "pooling_mode_cls_token" || modes[0] == "cls") return Pooling::first;
  const bool is_key = modes[0].starts_with(kModePrefix);
  config.fail(is_key ? modes[0] : "pooling_mode",
              (is_key ? "this pooling" : "\"" + modes[0] + "\"") + " is not implemented; " + kHere);
}

}  // namespace

std::optional<StoredPooling> stored_pooling(const fs::path& folder) {
  return as_format_error([&]() -> std::optional<StoredPooling> {
    const fs::path file = pooling_file(folder);
    if (file.empty() || !is_there(file)) return std::nullopt;
    const Config config = json_config(file);
    if (!config.is_object()) config.fail("found " + described(config.json()) + "; must be an object");
    check_width(config, folder);
    return StoredPooling{pooling_of(config), file};
  });
}

std::vector<std::string> modules_left_out(const fs::path& folder) {
  return as_format_error([&] {
    std::vector<std::string> kinds;
    for (const Module& module : modules_of(folder)) {
      if (module.kind != "Transformer" && module.kind != "Pooling") kinds.push_back(module.kind);
    }
    return kinds;
  });
}

}  // namespace infomtl

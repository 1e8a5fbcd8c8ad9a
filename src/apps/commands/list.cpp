#include <algorithm>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/sampler.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/metrics/metric.h"
#include "infomtl/model/architecture.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/head.h"
#include "infomtl/optim/optimizer.h"
#include "infomtl/optim/schedule.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl::commands {

namespace {

using Kinds = std::vector<std::pair<std::string, std::vector<RegistryEntry>>>;

Kinds everything() {
  return {{"losses", loss_registry().entries()},          {"penalties", penalty_registry().entries()},
          {"weightings", weighting_registry().entries()}, {"architectures", architecture_registry().entries()},
          {"heads", head_registry().entries()},           {"encoders", encoder_registry().entries()},
          {"optimizers", optimizer_registry().entries()}, {"schedules", schedule_registry().entries()},
          {"samplers", sampler_registry().entries()},     {"metrics", metric_registry().entries()}};
}

Json as_json(const RegistryEntry& entry) {
  Json options = Json::array();
  for (const FieldInfo& field : entry.options) {
    options.push_back({{"name", field.name},
                       {"type", field.type},
                       {"default", Json::parse(field.default_value)},
                       {"meaning", field.meaning}});
  }
  Json json = {{"name", entry.name},
               {"summary", entry.summary},
               {"source", entry.source},
               {"origin", entry.origin},
               {"options", options}};
  for (const RegistryTrait& trait : entry.traits) json[trait.name] = Json::parse(trait.value);
  return json;
}

void print(const RegistryEntry& entry) {
  std::printf("  %-22s %s%s\n", entry.name.c_str(), entry.summary.c_str(),
              entry.source.empty() ? "" : (" (" + entry.source + ")").c_str());
  if (entry.origin != "infomtl") std::printf("  %-22s   from %s\n", "", entry.origin.c_str());
  for (const RegistryTrait& trait : entry.traits) {
    const Json value = Json::parse(trait.value);
    std::printf("  %-22s   %s: %s\n", "", trait.name.c_str(),
                value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
  }
  for (const FieldInfo& field : entry.options) {
    const bool chosen = field.type.find("one of ") != std::string::npos;
    std::printf("  %-22s   %s = %s  %s%s\n", "", field.name.c_str(), field.default_value.c_str(), field.meaning.c_str(),
                chosen ? (" (" + field.type + ")").c_str() : "");
  }
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Whether the name or the source holds the text, in letters of either case.
bool speaks_of(const RegistryEntry& entry, const std::string& text) {
  return lower(entry.name).find(lower(text)) != std::string::npos ||
         lower(entry.source).find(lower(text)) != std::string::npos;
}

}  // namespace

int list(const ListOptions& options) {
  Kinds shown = everything();
  std::vector<std::string> kinds, names;
  for (const auto& [kind, entries] : shown) {
    kinds.push_back(kind);
    for (const RegistryEntry& entry : entries) names.push_back(entry.name);
  }
  if (std::find(kinds.begin(), kinds.end(), options.what) != kinds.end()) {
    std::erase_if(shown, [&](const auto& group) { return group.first != options.what; });
  } else if (!options.what.empty()) {
    for (auto& [kind, entries] : shown) {
      std::erase_if(entries, [&](const RegistryEntry& entry) { return !speaks_of(entry, options.what); });
    }
    std::erase_if(shown, [](const auto& group) { return group.second.empty(); });
  }
  if (shown.empty()) {
    std::vector<std::string> near = kinds;
    near.insert(near.end(), names.begin(), names.end());
    if (nearest_name(options.what, near).empty()) near = kinds;
    throw UserError("list: no kind, and no name or paper that holds \"" + options.what + "\"" +
                    did_you_mean(options.what, near));
  }
  Json json = Json::object();
  for (const auto& [kind, entries] : shown) {
    if (options.json) {
      json[kind] = Json::array();
      for (const RegistryEntry& entry : entries) json[kind].push_back(as_json(entry));
      continue;
    }
    std::printf("%s\n", kind.c_str());
    for (const RegistryEntry& entry : entries) print(entry);
  }
  if (options.json) std::printf("%s\n", json.dump(2).c_str());
  return 0;
}

}  // namespace infomtl::commands

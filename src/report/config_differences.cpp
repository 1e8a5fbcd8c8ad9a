#include "report/config_differences.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace infomtl::report {
namespace {

constexpr const char* kNotSet = "not set";

/// The name of a list's element: a string, or an object's "name"; "" for another.
std::string name_in_list(const Json& element) {
  if (element.is_string()) return element.get<std::string>();
  if (!element.is_object()) return "";
  const auto name = element.find("name");
  return name != element.end() && name->is_string() ? name->get<std::string>() : "";
}

void collect(const Json& value, const std::string& path, std::map<std::string, std::string>& found) {
  const std::string below = path.empty() ? "" : path + "/";
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, inner] : value.items()) collect(inner, below + key, found);
    return;
  }
  if (value.is_array() && !value.empty()) {
    std::set<std::string> names;
    for (const Json& element : value) names.insert(name_in_list(element));
    const bool named = names.size() == value.size() && !names.contains("");
    std::size_t place = 0;
    for (const Json& element : value) {
      const std::string own = named ? name_in_list(element) : std::to_string(place);
      ++place;
      if (named && element.is_string()) {
        found[below + own] = "present";
      } else if (named) {
        found[below + own] = "present";
        for (const auto& [key, inner] : element.items()) {
          if (key != "name") collect(inner, below + own + "/" + key, found);
        }
      } else {
        collect(element, below + own, found);
      }
    }
    return;
  }
  found[path] = value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

using Values = std::map<std::string, std::string>;

/// The settings of a method: where its runs differ among themselves, all their values.
Values values_of(const MethodRuns& method) {
  std::map<std::string, std::set<std::string>> all;
  std::vector<Values> runs;
  for (const RunRecord& run : method.runs) {
    if (!run.config.empty()) runs.push_back(settings_of(run.config));
  }
  for (const Values& run : runs) {
    for (const auto& [path, value] : run) all[path].insert(value);
  }
  Values values;
  for (auto& [path, found] : all) {
    for (const Values& run : runs) {
      if (!run.contains(path)) found.insert(kNotSet);
    }
    std::string text;
    for (const std::string& value : found) text += (text.empty() ? "" : " or ") + value;
    values[path] = text;
  }
  return values;
}

}  // namespace

std::map<std::string, std::string> settings_of(const Json& config) {
  Values found;
  if (!config.is_object()) return found;
  for (const auto& [key, value] : config.items()) {
    if (key != "name" && key != "description" && key != "seed") collect(value, key, found);
  }
  return found;
}

std::vector<ConfigDifference> config_differences(const ReportPart& part) {
  std::vector<ConfigDifference> differences;
  if (part.methods.empty()) return differences;
  auto reference = std::find_if(part.methods.begin(), part.methods.end(),
                                [&](const MethodRuns& method) { return method.key == part.scores.baseline; });
  if (reference == part.methods.end()) reference = part.methods.begin();
  const Values base = values_of(*reference);
  const auto value_in = [](const Values& values, const std::string& path) {
    const auto found = values.find(path);
    return found == values.end() ? std::string(kNotSet) : found->second;
  };
  for (const MethodRuns& method : part.methods) {
    if (&method == &*reference) continue;
    const Values own = values_of(method);
    if (own.empty()) continue;
    std::set<std::string> paths;
    for (const auto& [path, value] : own) paths.insert(path);
    for (const auto& [path, value] : base) paths.insert(path);
    for (const std::string& path : paths) {
      const std::string mine = value_in(own, path), theirs = value_in(base, path);
      if (mine != theirs) differences.push_back({method.name, path, mine, theirs});
    }
  }
  return differences;
}

}  // namespace infomtl::report

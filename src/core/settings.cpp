#include "infomtl/core/settings.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json.h"

namespace infomtl {
namespace {

std::string bound(double value) {
  if (value == static_cast<double>(static_cast<std::int64_t>(value)))
    return Json(static_cast<std::int64_t>(value)).dump();
  return Json(value).dump();
}

}  // namespace

std::string describe(const Range& range) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::string result;
  if (range.low != -kInfinity) result = (range.low_open ? "> " : ">= ") + bound(range.low);
  if (range.high != kInfinity) {
    result += (result.empty() ? "" : " and ") + std::string(range.high_open ? "< " : "<= ") + bound(range.high);
  }
  return result;
}

std::vector<double> NamedNumbers::of(const std::vector<std::string>& names, double otherwise,
                                     std::string_view what) const {
  if (!in_order.empty() && in_order.size() != names.size()) {
    throw ConfigError(std::to_string(in_order.size()) + " numbers for " + std::to_string(names.size()) + " " +
                      std::string(what) + (names.size() == 1 ? "" : "s") + "; give one for each, or an object by name");
  }
  if (!in_order.empty()) return in_order;
  std::vector<double> found(names.size(), otherwise);
  for (const auto& [name, value] : by_name) {
    const auto place = std::find(names.begin(), names.end(), name);
    if (place == names.end()) {
      throw ConfigError("no " + std::string(what) + " \"" + name + "\"" + did_you_mean(name, names));
    }
    found[static_cast<std::size_t>(place - names.begin())] = value;
  }
  return found;
}

std::string config_text(const std::string& name, const std::vector<FieldInfo>& fields) {
  Json config = {{"name", name}};
  for (const FieldInfo& field : fields) config[field.name] = Json::parse(field.default_value);
  return config.dump();
}

void FieldLister::field(std::string_view name, double& value, std::string_view meaning, Range range) {
  found.push_back({std::string(name), "number", Json(value).dump(), std::string(meaning), describe(range)});
}
void FieldLister::field(std::string_view name, std::int64_t& value, std::string_view meaning, Range range) {
  found.push_back({std::string(name), "integer", Json(value).dump(), std::string(meaning), describe(range)});
}
void FieldLister::field(std::string_view name, bool& value, std::string_view meaning) {
  found.push_back({std::string(name), "boolean", Json(value).dump(), std::string(meaning), ""});
}
void FieldLister::field(std::string_view name, std::string& value, std::string_view meaning) {
  found.push_back({std::string(name), "string", Json(value).dump(), std::string(meaning), ""});
}
void FieldLister::field(std::string_view name, std::vector<double>& value, std::string_view meaning, Range range) {
  found.push_back({std::string(name), "array of numbers", Json(value).dump(), std::string(meaning), describe(range)});
}
void FieldLister::field(std::string_view name, std::vector<std::string>& value, std::string_view meaning) {
  found.push_back({std::string(name), "array of strings", Json(value).dump(), std::string(meaning), ""});
}
void FieldLister::field(std::string_view name, NamedNumbers& value, const std::vector<std::string>& words,
                        std::string_view meaning, Range range) {
  Json shown = value.word.empty() ? Json(value.in_order) : Json(value.word);
  if (!value.by_name.empty()) {
    shown = Json::object();
    for (const auto& [key, number] : value.by_name) shown[key] = number;
  }
  found.push_back({std::string(name),
                   "array or object of numbers" + (words.empty() ? "" : ", or one of " + joined(words)), shown.dump(),
                   std::string(meaning), describe(range)});
}
void FieldLister::choice(std::string_view name, std::string& value, const std::vector<std::string>& allowed,
                         std::string_view meaning) {
  found.push_back({std::string(name), "one of " + joined(allowed), Json(value).dump(), std::string(meaning), ""});
}

void FieldChecker::field(std::string_view name, double& value, std::string_view, Range range) {
  if (!std::isnan(value) && range.contains(value)) return;
  throw ConfigError(owner_ + ": " + std::string(name) + " is " + Json(value).dump() + "; must be a number " +
                    describe(range));
}
void FieldChecker::field(std::string_view name, std::int64_t& value, std::string_view, Range range) {
  if (range.contains(static_cast<double>(value))) return;
  throw ConfigError(owner_ + ": " + std::string(name) + " is " + std::to_string(value) + "; must be an integer " +
                    describe(range));
}
void FieldChecker::field(std::string_view, bool&, std::string_view) {}
void FieldChecker::field(std::string_view, std::string&, std::string_view) {}
void FieldChecker::field(std::string_view name, std::vector<double>& value, std::string_view meaning, Range range) {
  for (double& element : value) field(name, element, meaning, range);
}
void FieldChecker::field(std::string_view, std::vector<std::string>&, std::string_view) {}
void FieldChecker::field(std::string_view name, NamedNumbers& value, const std::vector<std::string>& words,
                         std::string_view meaning, Range range) {
  if (!value.word.empty()) choice(name, value.word, words, meaning);
  for (double& number : value.in_order) field(name, number, meaning, range);
  for (auto& [key, number] : value.by_name) field(name, number, meaning, range);
}
void FieldChecker::choice(std::string_view name, std::string& value, const std::vector<std::string>& allowed,
                          std::string_view) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  throw ConfigError(owner_ + ": " + std::string(name) + ": unknown \"" + value + "\"" + did_you_mean(value, allowed));
}

}  // namespace infomtl

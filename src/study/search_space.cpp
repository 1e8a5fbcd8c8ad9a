#include "infomtl/study/search_space.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

constexpr std::uint64_t kMostCombinations = 1000000;
constexpr const char* kTogether = "settings";

std::string key_of(const TrialSettings& settings) {
  std::string key;
  for (const Setting& setting : settings) key += setting.field + "=" + setting.value + "\n";
  return key;
}

/// Four significant digits: what a config file shows is what was tried.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3e", value);
  return std::strtod(text, nullptr);
}

void read_range(const Config& entry, SearchAxis& axis) {
  const std::vector<std::pair<std::string, SearchAxis::Scale>> scales = {
      {"uniform", SearchAxis::Scale::uniform},
      {"log_uniform", SearchAxis::Scale::log_uniform},
      {"integer", SearchAxis::Scale::integer}};
  const auto scale = std::find_if(scales.begin(), scales.end(), [&](const auto& one) { return entry.has(one.first); });
  if (scale == scales.end() || entry.json().size() != 1) {
    entry.fail(
        "must be a list of values, or one of {\"uniform\": [low, high]}, {\"log_uniform\": [low, high]}, "
        "{\"integer\": [low, high]}");
  }
  axis.scale = scale->second;
  const std::vector<Config> ends = entry.list(scale->first);
  if (ends.size() != 2)
    entry.fail(scale->first, "has " + std::to_string(ends.size()) + " numbers; must be [low, high]");
  const auto number = [&](const Config& end) {
    if (axis.scale == SearchAxis::Scale::integer) return static_cast<double>(end.as_integer(between(-1e15, 1e15)));
    return end.as_number(axis.scale == SearchAxis::Scale::log_uniform ? above(0) : any_number());
  };
  axis.low = number(ends[0]);
  axis.high = number(ends[1]);
  if (axis.low >= axis.high) entry.fail(scale->first, "low must be below high");
}

TrialSettings read_together(const Config& choice) {
  TrialSettings settings;
  if (!choice.is_object() || choice.json().empty()) choice.fail("must be an object of fields and their values");
  for (const auto& [field, value] : choice.json().items()) settings.push_back({field, value.dump()});
  return settings;
}

SearchAxis read_axis(const Config& space, const std::string& name) {
  SearchAxis axis{.name = name};
  const Config entry = space.value(name);
  if (!entry.json().is_array() && name != kTogether) {
    read_range(entry, axis);
    return axis;
  }
  std::set<std::string> seen;
  for (const Config& choice : space.list(name)) {
    axis.choices.push_back(name == kTogether ? read_together(choice) : TrialSettings{{name, choice.json().dump()}});
    if (!seen.insert(key_of(axis.choices.back())).second) choice.fail("is given twice; give each value once");
    for (const Setting& setting : axis.choices.back()) {
      const TrialSettings& first = axis.choices.front();
      const bool common =
          axis.choices.back().size() == first.size() &&
          std::any_of(first.begin(), first.end(), [&](const Setting& other) { return other.field == setting.field; });
      if (!common) choice.fail("its fields must be those of the first of the list");
    }
  }
  if (axis.choices.empty()) space.fail(name, "is empty; give at least one value");
  return axis;
}

/// The fields of a space, each with the entry that names it, so that no two set one field.
void check_fields(const Config& space, const SearchAxis& axis, std::vector<std::string>& fields) {
  const TrialSettings sets = axis.scale == SearchAxis::Scale::list ? axis.choices.front() : axis.at(0);
  for (const Setting& setting : sets) {
    if (setting.field == "seed") space.fail(axis.name, "a seed is not searched: \"seeds\" are those of every trial");
    // What is read and what is scored are the experiment's: trials of other rows have scores of another kind.
    for (const char* const fixed : {"data", "evaluation", "training.selection"}) {
      if (setting.field != fixed && !setting.field.starts_with(std::string(fixed) + ".")) continue;
      space.fail(axis.name, "is not searched: trials must be scored, and their budgets counted, on the same rows");
    }
    for (const std::string& other : fields) {
      const bool inside =
          other == setting.field || setting.field.starts_with(other + ".") || other.starts_with(setting.field + ".");
      if (inside) space.fail(axis.name, "\"" + setting.field + "\" and \"" + other + "\" set the same field");
    }
    fields.push_back(setting.field);
  }
}

}  // namespace

std::vector<std::string> overrides_of(const TrialSettings& settings) {
  std::vector<std::string> overrides;
  for (const Setting& setting : settings) overrides.push_back(setting.field + "=" + setting.value);
  return overrides;
}

std::optional<std::uint64_t> SearchAxis::size() const {
  if (scale == Scale::list) return choices.size();
  if (scale == Scale::integer) return static_cast<std::uint64_t>(high - low) + 1;
  return std::nullopt;
}

TrialSettings SearchAxis::at(double position) const {
  if (const std::optional<std::uint64_t> values = size()) {
    const double count = static_cast<double>(*values);
    const double index = std::min(std::floor(position * count), count - 1);
    if (scale == Scale::list) return choices[static_cast<std::size_t>(index)];
    return {{name, Json(static_cast<std::int64_t>(low + index)).dump()}};
  }
  const double value = scale == Scale::uniform ? low + position * (high - low)
                                               : std::exp(std::log(low) + position * (std::log(high) - std::log(low)));
  return {{name, Json(std::clamp(rounded(value), low, high)).dump()}};
}

SearchSpace SearchSpace::from_config(const Config& common, const Config& own) {
  SearchSpace space;
  std::vector<std::string> fields;
  const auto add = [&](const Config& config, const std::string& name) {
    space.axes_.push_back(read_axis(config, name));
    check_fields(config, space.axes_.back(), fields);
  };
  for (const auto& [name, value] : common.json().items()) {
    if (!own.has(name)) add(common, name);
  }
  for (const auto& [name, value] : own.json().items()) {
    if (!value.is_null()) add(own, name);
  }
  return space;
}

std::optional<std::uint64_t> SearchSpace::size() const {
  std::uint64_t all = 1;
  for (const SearchAxis& axis : axes_) {
    const std::optional<std::uint64_t> values = axis.size();
    if (!values) return std::nullopt;
    if (all > std::numeric_limits<std::uint64_t>::max() / *values) return std::numeric_limits<std::uint64_t>::max();
    all *= *values;
  }
  return all;
}

std::vector<TrialSettings> SearchSpace::grid() const {
  for (const SearchAxis& axis : axes_) {
    if (axis.size()) continue;
    throw UserError("\"" + axis.name + "\" is a range, which has no grid; give a list of values, or draw at random");
  }
  if (*size() > kMostCombinations) throw UserError("the grid has " + std::to_string(*size()) + " combinations");
  std::vector<TrialSettings> grid = {{}};
  for (const SearchAxis& axis : axes_) {
    std::vector<TrialSettings> finer;
    for (const TrialSettings& coarse : grid) {
      const std::uint64_t values = *axis.size();
      for (std::uint64_t i = 0; i < values; ++i) {
        finer.push_back(coarse);
        const TrialSettings chosen = axis.at((static_cast<double>(i) + 0.5) / static_cast<double>(values));
        finer.back().insert(finer.back().end(), chosen.begin(), chosen.end());
      }
    }
    grid = std::move(finer);
  }
  return grid;
}

std::vector<TrialSettings> SearchSpace::draw(std::size_t count, std::uint64_t seed) const {
  if (size() && *size() < count) {
    throw UserError("the space has " + std::to_string(*size()) + " combinations, fewer than the " +
                    std::to_string(count) + " trials asked for");
  }
  if (count > kMostCombinations) throw UserError(std::to_string(count) + " trials are more than a million");
  std::vector<TrialSettings> drawn;
  std::set<std::string> seen;
  RandomStream stream(seed);
  std::size_t repeats = 0;  // of trials drawn before, one after another
  while (drawn.size() < count) {
    TrialSettings trial;
    for (const SearchAxis& axis : axes_) {
      const TrialSettings chosen = axis.at(stream.uniform());
      trial.insert(trial.end(), chosen.begin(), chosen.end());
    }
    if (seen.insert(key_of(trial)).second) {
      drawn.push_back(std::move(trial));
      repeats = 0;
    } else if (++repeats > kMostCombinations + 1000 * count) {  // ranges so narrow that rounding leaves few values
      throw UserError("the space has about " + std::to_string(drawn.size()) + " combinations, fewer than the " +
                      std::to_string(count) + " trials asked for; widen its ranges");
    }
  }
  return drawn;
}

}  // namespace infomtl

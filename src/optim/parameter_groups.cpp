#include "infomtl/optim/parameter_groups.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

/// The words, and what they are short for.
constexpr std::array<std::pair<const char*, const char*>, 5> kWords = {{{"encoder", "encoder.*"},
                                                                        {"architecture", "architecture.*"},
                                                                        {"heads", "heads.*"},
                                                                        {"terms", "objective.*"},
                                                                        {"weighting", "weighting.*"}}};

}  // namespace

std::vector<ParameterGroup> own_rate(std::string match, double learning_rate) {
  if (learning_rate == 0) return {};
  return {{.match = std::move(match), .learning_rate = learning_rate}};
}

void apply_own_rates(const std::vector<ParameterGroup>& groups, const std::string& prefix, double learning_rate,
                     NamedParameters& parameters) {
  for (NamedParameter& named : parameters) {
    if (!named.name.starts_with(prefix)) continue;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& each) {
      return selects(each.match, named.name.substr(prefix.size()));
    });
    if (group != groups.end()) named.rate_factor = group->learning_rate.value() / learning_rate;
  }
}

bool selects(const std::string& selector, const std::string& name) {
  const auto* const word =
      std::find_if(kWords.begin(), kWords.end(), [&](const auto& known) { return selector == known.first; });
  return fnmatch(word == kWords.end() ? selector.c_str() : word->second, name.c_str(), 0) == 0;
}

std::string nearest_selector(const std::string& selector, const NamedParameters& parameters) {
  std::vector<std::string> known;
  for (const auto& [word, glob] : kWords) {
    const bool any = std::any_of(parameters.begin(), parameters.end(),
                                 [&](const NamedParameter& named) { return selects(word, named.name); });
    if (any) known.emplace_back(word);
  }
  const std::string words = did_you_mean("", known);  // "; known: encoder, heads"
  for (const NamedParameter& named : parameters) {
    known.push_back(named.name);
    for (std::size_t dot = named.name.find('.'); dot != std::string::npos; dot = named.name.find('.', dot + 1)) {
      known.push_back(named.name.substr(0, dot + 1) + "*");
    }
  }
  const std::string nearest = nearest_name(selector, known);
  return nearest.empty() ? words + ", or a glob over names such as \"" + parameters.front().name + "\""
                         : "; did you mean \"" + nearest + "\"?";
}

void apply_groups(const std::vector<ParameterGroup>& groups, double learning_rate, NamedParameters& parameters) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const ParameterGroup& group = groups[g];
    if (group.learning_rate && group.rate_factor) {
      throw ConfigError(group.where + ": give either learning_rate or rate_factor, not both");
    }
    bool matches = false, counts = false;
    for (const NamedParameter& named : parameters) {
      if (!selects(group.match, named.name)) continue;
      matches = true;
      counts = counts || std::none_of(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(g),
                                      [&](const auto& earlier) { return selects(earlier.match, named.name); });
    }
    if (!matches) {
      throw ConfigError(group.where + ": \"" + group.match + "\" matches no parameter" +
                        nearest_selector(group.match, parameters));
    }
    if (!counts) {
      throw ConfigError(group.where + ": earlier groups match all that \"" + group.match +
                        "\" matches, and the first match counts; put it before them");
    }
  }
  for (NamedParameter& named : parameters) {
    const auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return selects(each.match, named.name); });
    if (group == groups.end()) continue;
    named.rate_factor =
        group->learning_rate ? *group->learning_rate / learning_rate : group->rate_factor.value_or(named.rate_factor);
    named.weight_decay = group->weight_decay;
    if (!group->trains) named.parameter.set_requires_grad(false);
  }
}

}  // namespace infomtl

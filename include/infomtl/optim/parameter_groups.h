#pragma once
// Parameter groups: learning rates and weight decay of their own for some parameters, and parameters that never train.
//
//   settings.groups = {{.match = "encoder", .learning_rate = 2e-5}, {.match = "heads", .learning_rate = 1e-3}};
//   settings.groups = {{.match = "encoder.embeddings.*", .trains = false}};
//
// A selector is a word: "encoder", "architecture", "heads", "terms" (what loss terms own) or "weighting"; or else a glob
// over full names, with * for any text and ? for one character: "encoder.encoder.layer.3.*", "heads.hate.*". Of several
// groups that match a parameter the first one counts.

#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/optim/flat_parameters.h"

namespace infomtl {

struct INFOMTL_API ParameterGroup {
  std::string match;                         ///< a selector
  std::optional<double> learning_rate = {};  ///< peak, in place of the optimiser's; > 0
  std::optional<double> rate_factor = {};    ///< or a factor of the optimiser's; >= 0
  std::optional<double> weight_decay = {};   ///< in place of the optimiser's, for what decays at all; >= 0
  bool trains = true;                        ///< false: never, so that it takes no gradient and no optimiser state
  std::string where = "parameter group";     ///< its place, for errors: "tweets.json#/optimizer/groups/0"
};

/// What a part of the model, a loss term or a weighting says of the rates of what it learns itself: a group over the
/// names of its own parameters; none for a rate of 0, which means the optimiser's.
INFOMTL_API std::vector<ParameterGroup> own_rate(std::string match, double learning_rate);
/// Gives such rates to the parameters whose names begin with `prefix`, the rest of the name being matched.
INFOMTL_API void apply_own_rates(const std::vector<ParameterGroup>& groups, const std::string& prefix,
                                 double learning_rate, NamedParameters& parameters);

/// Whether a selector matches a parameter's name.
INFOMTL_API bool selects(const std::string& selector, const std::string& name);

/// "; did you mean ...?" with the selector nearest to one that matches none of these parameters.
INFOMTL_API std::string nearest_selector(const std::string& selector, const NamedParameters& parameters);

/// Gives each parameter what the first group that matches it says: rate_factor, weight_decay, and no gradient where it
/// does not train. A group without a rate leaves the parameter's own.
/// @param learning_rate  the optimiser's peak, of which an absolute rate becomes a factor
/// @throws ConfigError for a group that matches nothing, or nothing that an earlier one leaves; for two rates
INFOMTL_API void apply_groups(const std::vector<ParameterGroup>& groups, double learning_rate,
                              NamedParameters& parameters);

}  // namespace infomtl

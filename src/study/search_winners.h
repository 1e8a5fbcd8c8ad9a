#pragma once
// Search winners: the best settings of each method as a config file that extends the method's, and the comparison of them
// that confirms a search under fresh seeds.

#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/study/search.h"
#include "study/search_plan.h"

namespace infomtl {

/// What a config says above one that means `base`, so that both together mean `wanted`: objects are merged key by key,
/// anything else is replaced, as `extends` does it.
Json overlay_of(const Json& base, const Json& wanted);

/// The overlay of a trial on the experiment and the method's file.
/// @throws UserError where no config that extends the method's file can mean the trial, naming the field
Json trial_overlay(const SearchPlan& plan, const SearchMethod& method, const TrialSettings& trial,
                   const std::vector<std::string>& overrides);

/// Writes <folder>/best/<method>.json and best/comparison.json; those that are there already stay.
void write_winners(const SearchPlan& plan, const Search& search, const std::filesystem::path& folder,
                   const std::vector<std::string>& overrides);

}  // namespace infomtl

#pragma once
// Search budgets: how long the trials of a search train, and whether what it leads to can be compared.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/data/read_datasets.h"
#include "study/search_plan.h"

namespace infomtl {

/// What messages call a trial: its method's entry, its number and its settings.
std::string trial_name(const SearchMethod& method, std::size_t trial);

/// Epochs of each method's runs, from the configs of its trials alone.
/// @throws UserError where trials of a method differ, or methods without "unequal_budgets"
std::vector<std::int64_t> full_epochs(const SearchPlan& plan, const std::vector<std::string>& overrides);

/// A field that trials set differently is not set for all of them, too. @throws UserError
void refuse_searched_overrides(const SearchPlan& plan, const std::vector<std::string>& overrides);

/// Refuses a search whose winners `compare` would refuse: methods that do not train on as many steps or examples, such
/// as one in the joint regime beside one in the alternating. A method whose trials differ in that themselves is left out.
/// @param datasets  where what is read is kept @throws UserError, ConfigError, DataError
void refuse_unequal_winners(const SearchPlan& plan, const std::vector<std::string>& overrides, ReadDatasets& datasets);

}  // namespace infomtl

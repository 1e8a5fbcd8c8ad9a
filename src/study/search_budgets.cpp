#include "study/search_budgets.h"

#include <cmath>
#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/runs/run.h"
#include "infomtl/train/trainer_settings.h"
#include "study/budgets.h"

namespace infomtl {
namespace {

bool same(double one, double other) { return one == other || (std::isnan(one) && std::isnan(other)); }

/// What the runs of a method are to get, where all of its trials get the same.
std::optional<PlannedBudget> common_budget(const SearchPlan& plan, const SearchMethod& method,
                                           const std::vector<std::string>& overrides, ReadDatasets& datasets) {
  std::optional<PlannedBudget> common;
  for (const TrialSettings& trial : method.trials) {
    const RunPlan run = RunPlan::of(plan.config(method, trial, overrides));
    const Dataset& dataset = datasets.load(run.config.object("data"), plan.seeds.front());
    const PlannedBudget one =
        planned_budget(method.name(), TrainerSettings::from_config(run.config), run.single, dataset);
    if (!common) common = one;
    if (!same(one.steps, common->steps) || !same(one.examples, common->examples)) return std::nullopt;
  }
  return common;
}

}  // namespace

std::string trial_name(const SearchMethod& method, std::size_t trial) {
  return method.where + ", trial " + std::to_string(trial) + " (" + settings_text(method.trials[trial]) + ")";
}

std::vector<std::int64_t> full_epochs(const SearchPlan& plan, const std::vector<std::string>& overrides) {
  std::vector<std::int64_t> epochs;
  for (const SearchMethod& method : plan.methods) {
    for (std::size_t trial = 0; trial < method.trials.size(); ++trial) {
      with_context(trial_name(method, trial), [&] {
        const Config config = plan.config(method, method.trials[trial], overrides);
        const std::int64_t found = TrainerSettings::from_config(RunPlan::of(config).config).epochs;
        if (trial == 0) epochs.push_back(found);
        if (found == epochs.back()) return;
        throw UserError("training.epochs is " + std::to_string(found) + ", in trial 0 " +
                        std::to_string(epochs.back()) + "; the trials of a method train equally long");
      });
    }
    if (epochs.back() != epochs.front() && !plan.unequal_budgets) {
      throw UserError(method.where + ": training.epochs is " + std::to_string(epochs.back()) + ", for \"" +
                      plan.methods.front().name() + "\" " + std::to_string(epochs.front()) +
                      "; make them equal, or set \"unequal_budgets\": true");
    }
    if (plan.algorithm.halves() && plan.algorithm.smallest_budget > epochs.back()) {
      throw UserError(method.where + ": training.epochs is " + std::to_string(epochs.back()) +
                      ", below the algorithm's smallest_budget of " + std::to_string(plan.algorithm.smallest_budget));
    }
  }
  return epochs;
}

void refuse_searched_overrides(const SearchPlan& plan, const std::vector<std::string>& overrides) {
  refuse_seed_override(overrides);
  const auto field_of = [](const std::string& assignment) { return assignment.substr(0, assignment.find('=')); };
  for (const SearchMethod& method : plan.methods) {
    for (const std::string& searched : overrides_of(method.trials.front())) {
      for (const std::string& assignment : overrides) {
        const std::string one = field_of(searched), other = field_of(assignment);
        if (one != other && !one.starts_with(other + ".") && !other.starts_with(one + ".")) continue;
        throw UserError("--set " + assignment + ": \"" + one + "\" is searched for \"" + method.name() +
                        "\"; change its values in \"space\"");
      }
    }
  }
}

void refuse_unequal_winners(const SearchPlan& plan, const std::vector<std::string>& overrides, ReadDatasets& datasets) {
  if (plan.unequal_budgets) return;
  std::vector<PlannedBudget> methods;
  for (const SearchMethod& method : plan.methods) {
    if (const auto budget = common_budget(plan, method, overrides, datasets)) methods.push_back(*budget);
  }
  refuse_unequal_budgets(methods, plan.where, "");
}

}  // namespace infomtl

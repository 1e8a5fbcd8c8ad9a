#include "infomtl/study/study_check.h"

#include <memory>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/read_datasets.h"
#include "infomtl/runs/run.h"
#include "infomtl/train/trainer_settings.h"
#include "study/budgets.h"
#include "study/comparison_plan.h"
#include "study/search_budgets.h"
#include "study/search_plan.h"

namespace infomtl {
namespace {

bool experiment_there(const std::string& where, const std::filesystem::path& experiment, Problems& problems) {
  if (experiment.empty()) return false;  // which is told already
  if (std::filesystem::exists(experiment)) return true;
  problems.add(where + "#/experiment: no file " + experiment.string());
  return false;
}

void check_planned_budgets(const ComparisonPlan& plan, const std::vector<std::string>& overrides,
                           ReadDatasets& datasets, Problems& problems) {
  if (plan.unequal_budgets || !problems.empty()) return;
  for (std::size_t place = 0; place < plan.places.size(); ++place) {
    problems.guard([&] {
      std::vector<PlannedBudget> budgets;
      for (std::size_t m = 0; m < plan.methods.size(); ++m) {
        const Cell cell = plan.cell(place, m, plan.seeds.front(), "", overrides);
        const RunPlan run = RunPlan::of(cell.config);
        budgets.push_back(planned_budget(plan.methods[m].compared.key, TrainerSettings::from_config(run.config),
                                         run.single, datasets.load(run.config.object("data"), cell.seed)));
      }
      refuse_unequal_budgets(budgets, plan.where, plan.places[place].folder == "." ? "" : plan.places[place].folder);
    });
  }
}

ConfigReport check_comparison(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  const auto problems = std::make_shared<Problems>();
  ConfigChecker checker(problems);
  std::string what = "comparison";
  problems->guard([&] {
    const ComparisonPlan plan = ComparisonPlan::read(file, {}, overrides, problems);
    what += " of " + counted(plan.methods.size(), "method") + " under " + counted(plan.seeds.size(), "seed") +
            ", tables of " + plan.split;
    if (!experiment_there(plan.where, plan.experiment, *problems)) return;
    const std::uint64_t seed = plan.seeds.empty() ? 0 : plan.seeds.front();
    for (std::size_t place = 0; place < plan.places.size(); ++place) {
      for (std::size_t m = 0; m < plan.methods.size(); ++m) {
        problems->guard([&] { checker.check(plan.cell(place, m, seed, "", overrides, problems).config); });
      }
    }
    check_planned_budgets(plan, overrides, checker.datasets(), *problems);
  });
  ConfigReport report = checker.report();
  report.model.insert(report.model.begin(), {"study", what});
  return report;
}

ConfigReport check_search(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  const auto problems = std::make_shared<Problems>();
  ConfigChecker checker(problems);
  std::string what = "search";
  problems->guard([&] {
    const SearchPlan plan = SearchPlan::read(file, problems);
    std::size_t trials = 0;
    for (const SearchMethod& method : plan.methods) trials += method.trials.size();
    what += " (" + plan.algorithm.name + ") over " + counted(plan.methods.size(), "method") + ", " +
            counted(trials, "trial");
    if (!experiment_there(plan.where, plan.experiment, *problems)) return;
    for (const SearchMethod& method : plan.methods) {
      for (const TrialSettings& trial : method.trials) {
        problems->guard([&] { checker.check(plan.config(method, trial, overrides, problems)); });
      }
      if (method.trials.empty()) problems->guard([&] { checker.check(plan.config(method, {}, overrides, problems)); });
    }
    if (!problems->empty()) return;
    problems->guard([&] { refuse_searched_overrides(plan, overrides); });
    problems->guard([&] { full_epochs(plan, overrides); });
    if (problems->empty()) problems->guard([&] { refuse_unequal_winners(plan, overrides, checker.datasets()); });
  });
  ConfigReport report = checker.report();
  report.model.insert(report.model.begin(), {"study", what});
  return report;
}

}  // namespace

ConfigReport check_file(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  const auto ignored = std::make_shared<Problems>();  // what is wrong is told by the check of its kind
  Json json;
  ignored->guard([&] { json = Config::from_file(file, {}, ignored).json(); });
  if (!json.is_object() || !json.contains("methods")) return check_config(file, overrides);
  for (const char* key : {"algorithm", "budget", "space"}) {
    if (json.contains(key)) return check_search(file, overrides);
  }
  return check_comparison(file, overrides);
}

}  // namespace infomtl

#include <memory>
#include <set>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_difference.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "infomtl/data/read_datasets.h"
#include "infomtl/runs/run.h"
#include "infomtl/study/search.h"
#include "study/search_budgets.h"
#include "study/search_records.h"
#include "study/search_winners.h"

namespace infomtl {
namespace {

/// Builds every trial as it will be trained, in a folder that is not there: nothing is written.
void check_trials(const SearchPlan& plan, const std::filesystem::path& folder,
                  const std::vector<std::string>& overrides, const std::shared_ptr<ReadDatasets>& datasets) {
  for (const SearchMethod& method : plan.methods) {
    for (std::size_t trial = 0; trial < method.trials.size(); ++trial) {
      with_context(trial_name(method, trial), [&] {
        trial_overlay(plan, method, method.trials[trial], overrides);
        Run::from_config(plan.config(method, method.trials[trial], overrides),
                         {.seed = plan.seeds.front(), .output = folder / ".check", .datasets = datasets});
      });
    }
  }
}

/// Makes the folder this search's, or finds that it is. The trials are checked when it is new.
void claim_folder(const SearchPlan& plan, const std::filesystem::path& folder,
                  const std::vector<std::string>& overrides) {
  const std::filesystem::path file = folder / "plan.json";
  Json wanted = plan.to_json();
  wanted["overrides"] = overrides;
  if (std::filesystem::exists(file)) {
    const std::string difference = first_difference(read_json(file), wanted);
    if (difference.empty()) return;
    throw UserError(folder.string() + ": holds another search; they differ in " + difference +
                    "; choose another folder with --output");
  }
  if (std::filesystem::exists(folder) && !std::filesystem::is_directory(folder)) {
    throw UserError(folder.string() + ": is not a folder; choose another with --output");
  }
  refuse_filled_folder(folder, "a search");
  const auto datasets = std::make_shared<ReadDatasets>();
  check_trials(plan, folder, overrides, datasets);
  refuse_unequal_winners(plan, overrides, *datasets);
  write_file_atomically(file, wanted.dump(2) + "\n");
}

std::string budget_text(const SearchPlan& plan, const std::vector<std::int64_t>& epochs) {
  std::set<std::size_t> trials;
  for (const SearchMethod& method : plan.methods) trials.insert(method.trials.size());
  const bool equal = trials.size() == 1 && std::set<std::int64_t>(epochs.begin(), epochs.end()).size() == 1;
  if (!equal) return "UNEQUAL budgets: the methods differ in trials or epochs";
  std::string text = "budget of every method: " + std::to_string(*trials.begin()) + " trials of up to " +
                     std::to_string(epochs.front()) + " epochs, " + plan.algorithm.name + ", rungs at epoch";
  const HalvingRules rules = plan.rules(0, epochs.front());
  for (std::size_t rung = 0; rung < rules.epochs.size(); ++rung) {
    text += (rung > 0 ? ", " : " ") + std::to_string(rules.epochs[rung]) + " under " +
            std::to_string(plan.seeds_at(rung)) + (plan.seeds_at(rung) == 1 ? " seed" : " seeds");
  }
  return text;
}

void write_tables(const Search& search, const std::filesystem::path& folder) {
  write_file_atomically(folder / "search.json", search.to_json().dump(2) + "\n");
  write_file_atomically(folder / "table.txt", search.table());
}

}  // namespace

Search run_search(const std::filesystem::path& config, const ExperimentOptions& run, const std::atomic<bool>* stop) {
  const SearchPlan plan = SearchPlan::read(config);
  refuse_searched_overrides(plan, run.overrides);
  const std::vector<std::int64_t> epochs = full_epochs(plan, run.overrides);
  const std::filesystem::path folder = run.output.empty() ? std::filesystem::path("runs") / config.stem() : run.output;
  claim_folder(plan, folder, run.overrides);

  SearchRecords records(plan, folder, epochs, run.overrides);
  std::string said;
  while (true) {
    records.refresh();
    records.remove_checkpoints();
    Search search = records.search();
    search.budget = budget_text(plan, epochs);
    write_tables(search, folder);
    if (const std::string progress = search.progress(); progress != said) log::info(said = progress);
    if (search.finished) write_winners(plan, search, folder, run.overrides);
    if (search.finished || (stop != nullptr && stop->load())) return search;

    CellRunner runner(records.open_cells(), {.progress = run.progress, .scored_splits = {"validation"}});
    runner.on_start([](const Cell& cell) { log::info(cell.key + ": " + cell.folder.string()); });
    runner.on_failure([&](const Cell& cell, const Error& error) {
      if (dynamic_cast<const NonFiniteError*>(&error) == nullptr) throw;
      records.record_failure(cell, error.what());
    });
    runner.advance(stop);
  }
}

}  // namespace infomtl

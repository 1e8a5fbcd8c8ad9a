// Comparisons: from a config to runs, tables and files.

#include <algorithm>
#include <cmath>
#include <set>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "infomtl/runs/run_state.h"
#include "infomtl/runs/text_table.h"
#include "infomtl/study/comparison.h"
#include "study/budgets.h"
#include "study/cells.h"
#include "study/comparison_plan.h"
#include "study/grid_progress.h"

namespace infomtl {
namespace {

constexpr const char* kRecord = "comparison.json";

bool is_record(std::string_view text) {
  return text.starts_with("{\n  \"format\": ") && text.find("\"baseline\"") != text.npos;
}

/// The runs of a plan and what became of them.
class ComparisonRunner {
 public:
  ComparisonRunner(ComparisonPlan plan, std::filesystem::path parent, const ExperimentOptions& run)
      : plan_(std::move(plan)), parent_(std::move(parent)), overrides_(run.overrides), shown_(run.progress) {
    options_.scored_splits = {"validation"};
    if (plan_.split != "validation") options_.scored_splits.push_back(plan_.split);
    comparison_.split = plan_.split;
    comparison_.baseline = plan_.baseline;
    for (const PlannedMethod& method : plan_.methods) comparison_.methods.push_back(method.compared);
    for (const PlannedPlace& place : plan_.places) {
      ComparisonTable table;
      table.axes = place.axes;
      table.folder = place.folder;
      table.runs.resize(plan_.methods.size());
      comparison_.tables.push_back(std::move(table));
    }
  }

  /// The folder is empty, or has this comparison's runs or another's results. @throws UserError
  void check_place() const {
    const OutputKind kind{.what = "the record of a comparison", .is_of_kind = is_record};
    check_output(parent_ / kRecord, kind);  // a comparison's config may have this name, too
    if (std::filesystem::exists(parent_ / kRecord)) return;
    // A comparison that ended before its first run did left folders on the way to its runs, and these.
    std::set<std::filesystem::path> own, holders;
    for (const Cell& cell : cells()) {
      std::filesystem::path folder = parent_;
      for (const std::filesystem::path& part : cell.folder.lexically_relative(parent_)) {
        holders.insert(folder);
        own.insert(folder /= part);
      }
    }
    const auto is_own = [&](const std::filesystem::path& found) {
      const bool of_other_seeds = found.parent_path() != parent_ && found.filename().string().starts_with("seed-");
      return of_other_seeds || own.contains(found);
    };
    for (const std::filesystem::path& folder : holders) refuse_filled_folder(folder, "a comparison", is_own);
  }

  /// Builds the first run of every row, so that a mistake in any is told before the first trains.
  void check() const {
    for (std::size_t place = 0; place < plan_.places.size(); ++place) {
      std::vector<PlannedBudget> rows;
      for (std::size_t method = 0; method < plan_.methods.size(); ++method) {
        const Cell cell = plan_.cell(place, method, plan_.seeds.front(), parent_, overrides_);
        try {
          Run run = build_cell(cell, options_);
          if (!plan_.unequal_budgets) {
            rows.push_back(planned_budget(plan_.methods[method].compared.key, run, cell));
          }
        } catch (const RunBusyError&) {  // another process trains it, and has checked it
        }
      }
      refuse_unequal_budgets(rows, plan_.where, title(place));
    }
  }

  Comparison run(const std::atomic<bool>* stop) {
    CellRunner runner(cells(), options_);
    runner.on_finish([&](const Cell&, const Results&) { written_ = false; });
    GridProgress progress(runner, shown_, [&] { return best(runner); });
    runner.on_start([&](const Cell&) { write(runner); });
    runner.on_wait([&] { write(runner); });
    runner.on_failure([&](const Cell&, const Error& error) {
      if (dynamic_cast<const NonFiniteError*>(&error) == nullptr) throw;
      log::warning(error.what());  // it names the run
      comparison_.diverged.emplace_back(error.what());
      written_ = false;
    });
    runner.run(stop);
    progress.clear();
    write(runner);
    return comparison_;
  }

 private:
  std::vector<Cell> cells() const {
    std::vector<Cell> cells;
    // Seeds outside, methods inside: a comparison that is broken off has whole pairs.
    for (const std::uint64_t seed : plan_.seeds) {
      for (std::size_t place = 0; place < plan_.places.size(); ++place) {
        for (std::size_t method = 0; method < plan_.methods.size(); ++method) {
          cells.push_back(plan_.cell(place, method, seed, parent_, overrides_));
        }
      }
    }
    return cells;
  }

  std::string title(std::size_t place) const {
    return plan_.places[place].folder == "." ? "" : plan_.places[place].folder;
  }

  /// Takes over the results that are there, in the order of the seeds.
  void gather(const CellRunner& runner) {
    for (ComparisonTable& table : comparison_.tables) {
      for (auto& runs : table.runs) runs.clear();
    }
    std::size_t c = 0;
    for (std::size_t seed = 0; seed < plan_.seeds.size(); ++seed) {
      for (ComparisonTable& table : comparison_.tables) {
        for (auto& runs : table.runs) {
          if (const auto& results = runner.results()[c++]) runs.push_back(*results);
        }
      }
    }
    comparison_.compute();
  }

  void refuse_unequal() const {
    if (plan_.unequal_budgets) return;
    for (std::size_t place = 0; place < plan_.places.size(); ++place) {
      std::vector<PlannedBudget> rows;
      for (std::size_t m = 0; m < plan_.methods.size(); ++m) {
        const MethodScores& method = comparison_.tables[place].scores[m];
        if (!method.seeds.empty()) {
          rows.push_back(planned_budget(plan_.methods[m].compared.key, method.budget));
        }
      }
      refuse_unequal_budgets(rows, plan_.where, title(place));
    }
  }

  void write(const CellRunner& runner) {
    if (written_) return;
    gather(runner);
    refuse_unequal();
    write_file_atomically(parent_ / kRecord, comparison_.to_json().dump(2) + "\n");
    for (const auto& [format, file] : {std::pair("text", "table.txt"), std::pair("markdown", "table.md"),
                                       std::pair("latex", "table.tex"), std::pair("csv", "table.csv")}) {
      write_file_atomically(parent_ / file, comparison_.table(format));
      if (comparison_.tables.size() == 1 && comparison_.tables.front().folder == ".") continue;
      for (const ComparisonTable& table : comparison_.tables) {
        write_file_atomically(parent_ / table.folder / file, comparison_.table(format, table));
      }
    }
    written_ = true;
  }

  /// "best InfoMTL 66.12": the row with the best average so far.
  std::string best(const CellRunner& runner) {
    if (!written_) gather(runner);
    const bool rises = std::any_of(comparison_.tasks.begin(), comparison_.tasks.end(),
                                   [](const ComparedTask& task) { return task.higher_is_better; });
    std::string name;
    double best = 0;
    for (const ComparisonTable& table : comparison_.tables) {
      for (std::size_t m = 0; m < table.scores.size(); ++m) {
        const double average = table.scores[m].average.spread.mean;
        if (std::isnan(average) || (!name.empty() && (rises ? average <= best : average >= best))) continue;
        best = average;
        name = comparison_.methods[m].name;
      }
    }
    return name.empty() ? "" : "best " + name + " " + score_text(best, rises);
  }

  ComparisonPlan plan_;
  std::filesystem::path parent_;
  std::vector<std::string> overrides_;
  bool shown_;
  ExperimentOptions options_;
  Comparison comparison_;
  bool written_ = true;  ///< whether files and numbers have all results that are known
};

}  // namespace

Comparison run_comparison(const std::filesystem::path& config, const ComparisonOptions& options,
                          const ExperimentOptions& run, const std::atomic<bool>* stop) {
  ComparisonPlan plan = ComparisonPlan::read(config, options.seeds, run.overrides);
  const std::filesystem::path parent = run.output.empty() ? std::filesystem::path("runs") / plan.name : run.output;
  if (!options.split.empty()) plan.split = options.split;
  ComparisonRunner runner(std::move(plan), parent, run);
  runner.check_place();
  runner.check();
  return runner.run(stop);
}

}  // namespace infomtl

#include "study/search_records.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/run_state.h"

namespace infomtl {
namespace {

constexpr double kFailed = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kFailure = "failure.json";

/// The mean of the tasks' validation scores, negated where lower is better; NaN where there is none.
double validation_quality(const Results& results) {
  double sum = 0;
  int count = 0;
  for (const auto& [name, task] : results.tasks) {
    const auto found = task.score.find("validation");
    if (found == task.score.end() || std::isnan(found->second)) continue;
    sum += task.higher_is_better ? found->second : -found->second;
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / count;
}

}  // namespace

SearchRecords::SearchRecords(const SearchPlan& plan, std::filesystem::path folder, std::vector<std::int64_t> epochs,
                             std::vector<std::string> overrides)
    : plan_(plan), folder_(std::move(folder)), overrides_(std::move(overrides)) {
  for (std::size_t m = 0; m < plan.methods.size(); ++m) rules_.push_back(plan.rules(m, epochs[m]));
}

std::filesystem::path SearchRecords::run_folder(const SearchCell& cell) const {
  return folder_ / plan_.methods[cell.method].name() / ("trial-" + std::to_string(cell.trial)) /
         ("seed-" + std::to_string(cell.seed));
}

const SearchRecords::Record* SearchRecords::record(const SearchCell& cell) const {
  const auto found = records_.find(cell);
  return found == records_.end() ? nullptr : &found->second;
}

std::optional<SearchRecords::Record> SearchRecords::read(const SearchCell& cell) const {
  const std::filesystem::path run = run_folder(cell);
  const std::optional<Results> results = finished_results(run, rules_[cell.method].epochs[cell.rung]);
  if (!results) {
    if (std::filesystem::exists(run / kFailure)) return Record{.score = kFailed};
    return std::nullopt;
  }
  Record record{.score = validation_quality(*results),
                .examples = results->training.value("examples", std::int64_t{0})};
  if (std::isnan(record.score)) {
    throw DataError(run.string() + ": no task has a score on validation, which a search needs");
  }
  for (const auto& [name, task] : results->tasks) record.rises = record.rises && task.higher_is_better;
  return record;
}

void SearchRecords::refresh() {
  for (std::size_t m = 0; m < plan_.methods.size(); ++m) {
    for (std::size_t trial = 0; trial < rules_[m].trials; ++trial) {
      for (std::size_t rung = 0; rung < rules_[m].epochs.size(); ++rung) {
        for (std::size_t s = 0; s < plan_.seeds_at(rung); ++s) {
          const SearchCell cell{m, trial, rung, plan_.seeds[s]};
          if (record(cell) != nullptr) continue;
          const std::optional<Record> found = read(cell);
          if (found) records_[cell] = *found;
        }
        if (!score(m, trial, rung)) break;
      }
    }
  }
}

std::optional<double> SearchRecords::score(std::size_t method, std::size_t trial, std::size_t rung) const {
  double sum = 0;
  bool all = true;
  for (std::size_t s = 0; s < plan_.seeds_at(rung); ++s) {
    const Record* found = record({method, trial, rung, plan_.seeds[s]});
    if (found != nullptr && std::isnan(found->score)) return kFailed;
    all = all && found != nullptr;
    if (found != nullptr) sum += found->score;
  }
  if (!all) return std::nullopt;
  return sum / static_cast<double>(plan_.seeds_at(rung));
}

RungScores SearchRecords::scores(std::size_t method) const {
  RungScores scores(rules_[method].trials);
  for (std::size_t trial = 0; trial < scores.size(); ++trial) {
    for (std::size_t rung = 0; rung < rules_[method].epochs.size(); ++rung) {
      const std::optional<double> found = score(method, trial, rung);
      if (!found) break;
      scores[trial].push_back(*found);
      if (std::isnan(*found)) break;
    }
  }
  return scores;
}

std::vector<Cell> SearchRecords::open_cells(std::size_t m) const {
  const SearchMethod& method = plan_.methods[m];
  const RungScores known = scores(m);
  std::vector<Cell> cells;
  for (const std::size_t trial : halving_state(rules_[m], known).open) {
    const std::size_t rung = known[trial].size();
    for (std::size_t s = 0; s < plan_.seeds_at(rung); ++s) {
      const SearchCell place{m, trial, rung, plan_.seeds[s]};
      if (record(place) != nullptr) continue;
      cells.push_back({.key = method.name() + ", trial " + std::to_string(trial) + ", seed " +
                              std::to_string(place.seed) + ", to epoch " + std::to_string(rules_[m].epochs[rung]),
                       .folder = run_folder(place),
                       .config = plan_.config(method, method.trials[trial], overrides_),
                       .seed = place.seed,
                       .stop_after_epochs = rules_[m].epochs[rung]});
    }
  }
  return cells;
}

std::vector<Cell> SearchRecords::open_cells() const {
  // A search that is broken off shall have come about as far with each method: the one with the fewest runs is first.
  std::vector<std::pair<std::size_t, std::size_t>> order;  // runs so far, method
  std::vector<std::vector<Cell>> of_methods;
  std::size_t most = 0;
  for (std::size_t m = 0; m < plan_.methods.size(); ++m) {
    const auto runs =
        std::count_if(records_.begin(), records_.end(), [&](const auto& one) { return one.first.method == m; });
    order.emplace_back(static_cast<std::size_t>(runs), m);
    of_methods.push_back(open_cells(m));
    most = std::max(most, of_methods.back().size());
  }
  std::sort(order.begin(), order.end());
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < most; ++i) {
    for (const auto& [runs, m] : order) {
      if (i < of_methods[m].size()) cells.push_back(of_methods[m][i]);
    }
  }
  return cells;
}

void SearchRecords::remove_checkpoints() const {
  if (plan_.keep_checkpoints) return;
  for (std::size_t m = 0; m < plan_.methods.size(); ++m) {
    const RungScores known = scores(m);
    const std::optional<std::size_t> best = best_trial(known);
    for (const std::size_t trial : halving_state(rules_[m], known).ended) {
      if (best == trial) continue;
      // A seed of a trial that failed under another one may be training yet: its checkpoints go the next time.
      for (const std::uint64_t seed : plan_.seeds) infomtl::remove_checkpoints(run_folder({m, trial, 0, seed}));
    }
  }
}

void SearchRecords::record_failure(const Cell& cell, const std::string& message) {
  log::warning(message + "; the trial counts as the worst");
  write_file_atomically(cell.folder / kFailure, Json{{"format", 1}, {"error", message}}.dump(2) + "\n");
}

std::int64_t SearchRecords::cost(std::size_t method, std::size_t trial, std::size_t rung) const {
  std::int64_t examples = 0;
  for (std::size_t s = 0; s < plan_.seeds_at(rung); ++s) {
    const Record* here = record({method, trial, rung, plan_.seeds[s]});
    if (here == nullptr || std::isnan(here->score)) continue;
    const bool before = rung > 0 && s < plan_.seeds_at(rung - 1);
    examples += here->examples - (before ? record({method, trial, rung - 1, plan_.seeds[s]})->examples : 0);
  }
  return examples;
}

Search SearchRecords::search() const {
  Search search;
  search.finished = true;
  for (std::size_t m = 0; m < plan_.methods.size(); ++m) {
    const HalvingRules& rules = rules_[m];
    const RungScores known = scores(m);
    SearchedMethod method{.name = plan_.methods[m].name(), .best = best_trial(known)};
    std::int64_t epochs = 0;
    for (std::size_t trial = 0; trial < known.size(); ++trial) {
      SearchTrial one{.settings = plan_.methods[m].trials[trial]};
      for (std::size_t rung = 0; rung < known[trial].size(); ++rung) {
        one.rungs.push_back({rules.epochs[rung], known[trial][rung], cost(m, trial, rung)});
        method.cost_examples += one.rungs.back().cost_examples;
        const auto seeds = static_cast<std::int64_t>(plan_.seeds_at(rung));
        const auto seeds_before = static_cast<std::int64_t>(rung > 0 ? plan_.seeds_at(rung - 1) : 0);
        epochs += seeds * rules.epochs[rung] - seeds_before * (rung > 0 ? rules.epochs[rung - 1] : 0);
      }
      method.trials.push_back(std::move(one));
    }
    const std::size_t whole = rules.trials * plan_.seeds_at(rules.epochs.size() - 1);
    method.cost_share =
        static_cast<double>(epochs) / (static_cast<double>(whole) * static_cast<double>(rules.epochs.back()));
    search.finished = search.finished && halving_state(rules, known).open.empty();
    search.methods.push_back(std::move(method));
  }
  search.percent = std::all_of(records_.begin(), records_.end(), [](const auto& one) { return one.second.rises; });
  return search;
}

}  // namespace infomtl

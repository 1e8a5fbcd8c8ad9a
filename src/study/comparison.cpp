#include "infomtl/study/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/metrics/statistics.h"
#include "infomtl/runs/run.h"
#include "infomtl/runs/seeds.h"
#include "infomtl/runs/text_table.h"
#include "runs/summary_statistics.h"

namespace infomtl {
namespace {

struct Method {
  std::string name;  ///< the file's name without .json: the folder below the comparison's
  std::filesystem::path file;
};

/// What a comparison config says.
struct Plan {
  std::filesystem::path experiment;
  std::vector<Method> methods;
  std::size_t baseline = 0;
  std::vector<std::uint64_t> seeds;
};

Plan read_plan(const std::filesystem::path& file, const std::vector<std::uint64_t>& seeds) {
  const Config config = Config::from_file(file);
  Plan plan;
  plan.experiment = config.path("experiment");
  std::vector<std::string> names;
  for (const Config& method : config.list("methods")) {
    const std::filesystem::path path = method.as_path();
    if (std::find(names.begin(), names.end(), path.stem()) != names.end()) {
      method.fail("\"" + path.stem().string() + "\" is given twice; a method's folder is named after its file");
    }
    if (!std::filesystem::exists(path)) method.fail("no file " + path.string());
    names.push_back(path.stem());
    plan.methods.push_back({path.stem(), path});
  }
  if (plan.methods.empty()) config.fail("methods", "names no method");
  const std::string baseline = config.choice("baseline", names.front(), names);
  plan.baseline = static_cast<std::size_t>(std::find(names.begin(), names.end(), baseline) - names.begin());
  plan.seeds = read_seeds(config, "seeds");
  const std::vector<std::uint64_t> refused = read_seeds(config, "refused_seeds");
  config.reject_unknown();
  if (!seeds.empty()) plan.seeds = seeds;
  refuse_repeated_seeds(plan.seeds);
  if (plan.seeds.empty()) config.fail("seeds", "names no seed; give some here or with --seeds 0,1,2");
  for (const std::uint64_t seed : refused) {
    if (std::find(plan.seeds.begin(), plan.seeds.end(), seed) == plan.seeds.end()) continue;
    config.fail("refused_seeds", "seed " + std::to_string(seed) +
                                     " chose the settings that are compared, which favours them; take fresh seeds, " +
                                     "in \"seeds\" or with --seeds");
  }
  return plan;
}

Run build_run(const Plan& plan, const Method& method, std::uint64_t seed, const ExperimentOptions& common,
              const std::filesystem::path& parent) {
  const Json both = {
      {"extends",
       {std::filesystem::absolute(plan.experiment).string(), std::filesystem::absolute(method.file).string()}}};
  ExperimentOptions own = common;
  own.seed = seed;
  own.resume = true;
  own.output = parent / method.name / ("seed-" + std::to_string(seed));
  return Run::from_config(Config::from_text(both.dump(), method.file.filename().string(), {}, common.overrides), own);
}

}  // namespace

Json Comparison::to_json() const {
  Json json = {{"format", 1}, {"baseline", nullptr}, {"methods", Json::object()}};
  if (methods.empty()) return json;
  json["baseline"] = methods.at(baseline).first;
  const std::string split = compared_split(methods.at(baseline).second.runs);
  for (const auto& [name, summary] : methods) {
    Json entry = summary.to_json();
    const PairedRuns pairs = paired_runs(summary.runs, methods.at(baseline).second.runs);
    const std::optional<PairedDifference> difference = difference_of_averages(pairs, split);
    entry["against_baseline"] = {{"split", split}, {"paired_seeds", pairs.size()}};
    if (difference) {
      entry["against_baseline"]["difference"] = difference->mean;
      entry["against_baseline"]["deviation"] = difference->standard_deviation;
      entry["against_baseline"]["p"] = difference->p_value;
    }
    if (!pairs.empty()) entry["against_baseline"]["delta_p_percent"] = relative_gain(pairs, split);
    json["methods"][name] = std::move(entry);
  }
  return json;
}

std::string Comparison::table() const {
  if (methods.empty() || methods.at(baseline).second.runs.empty()) return "no runs\n";
  const Summary& base = methods.at(baseline).second;
  const std::string split = compared_split(base.runs);
  std::vector<std::string> head = {"method", "seeds"};
  bool all_rise = true;
  for (const auto& [task, result] : base.runs.front().tasks) {
    head.push_back(task);
    all_rise = all_rise && result.higher_is_better;
  }
  head.insert(head.end(), {"average", "difference", "p", "delta_p %"});
  TextTable table(head, 1);
  for (const auto& [name, summary] : methods) {
    if (summary.runs.empty()) continue;
    std::vector<std::string> row = {name, std::to_string(summary.runs.size())};
    for (const auto& [task, result] : base.runs.front().tasks) {
      row.push_back(spread_text(scores_of(summary.runs, task, split), result.higher_is_better));
    }
    row.push_back(spread_text(averages_of(summary.runs, split), all_rise));
    const PairedRuns pairs = paired_runs(summary.runs, base.runs);
    const std::optional<PairedDifference> difference = difference_of_averages(pairs, split);
    if (&summary == &base || pairs.empty()) {
      row.insert(row.end(), {"-", "-", "-"});
    } else {
      const double gain = relative_gain(pairs, split);
      row.push_back(difference ? signed_text(difference->mean, score_text(difference->mean, all_rise) + " +- " +
                                                                   score_text(difference->standard_deviation, all_rise))
                               : "-");
      row.push_back(difference ? fixed(difference->p_value, 3) : "-");
      row.push_back(signed_text(gain, fixed(gain, 2)));  // "-" where a baseline is 0
    }
    table.add(std::move(row));
  }
  return table.text() + "mean +- standard deviation over seeds, " + split +
         " split; difference (of averages), p and "
         "delta_p: paired with " +
         methods.at(baseline).first + " over the seeds of both, two-sided t-test\n";
}

Comparison run_comparison(const std::filesystem::path& config, const ComparisonOptions& options,
                          const ExperimentOptions& run, const std::atomic<bool>* stop) {
  const Plan plan = read_plan(config, options.seeds);
  const std::filesystem::path parent = run.output.empty() ? std::filesystem::path("runs") / config.stem() : run.output;
  for (const Method& method : plan.methods) build_run(plan, method, plan.seeds.front(), run, parent);

  Comparison comparison;
  comparison.baseline = plan.baseline;
  for (const Method& method : plan.methods) comparison.methods.emplace_back(method.name, Summary{});
  // Seeds outside, methods inside: a comparison that is broken off has whole pairs.
  for (const std::uint64_t seed : plan.seeds) {
    for (std::size_t m = 0; m < plan.methods.size(); ++m) {
      Run one = build_run(plan, plan.methods[m], seed, run, parent);
      log::info(plan.methods[m].name + ", seed " + std::to_string(seed) + (one.finished() ? " is finished" : "") +
                ": " + one.folder().string());
      Results results = one.fit(stop);
      if (results.tasks.empty()) return comparison;  // stopped
      comparison.methods[m].second.runs.push_back(std::move(results));
      write_file_atomically(parent / "comparison.json", comparison.to_json().dump(2) + "\n");
      write_file_atomically(parent / "table.txt", comparison.table());
    }
  }
  return comparison;
}

}  // namespace infomtl

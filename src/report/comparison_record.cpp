#include "report/comparison_record.h"

#include <algorithm>
#include <utility>

#include "infomtl/core/config.h"

namespace infomtl::report {
namespace {

/// An optional number, or null: NaN.
double number_or_missing(const Config& config, const char* key) { return config.number(key, kMissing); }

std::string text_of_value(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

bool is_present(const Config& config, const char* key) { return config.has(key) && !config.json().at(key).is_null(); }

SeedScores read_scores(const Config& config) {
  SeedScores scores;
  scores.spread = {.mean = number_or_missing(config, "mean"),
                   .deviation = number_or_missing(config, "deviation"),
                   .half_width_95 = number_or_missing(config, "half_width_95")};
  for (const Config& value : config.list_or_empty("values")) {
    scores.values.push_back(value.json().is_null() ? kMissing : value.as_number());
  }
  return scores;
}

std::map<std::string, TaskEffect> read_effects(const Config& tasks) {
  std::map<std::string, TaskEffect> effects;
  for (const auto& [name, value] : tasks.json().items()) {
    const Config task = tasks.object(name);
    effects[name] = {.difference = number_or_missing(task, "difference"),
                     .half_width = number_or_missing(task, "half_width_95"),
                     .wins = number_or_missing(task, "wins")};
  }
  return effects;
}

Effect read_effect(const Config& config) {
  return {.paired_seeds = number_or_missing(config, "paired_seeds"),
          .difference = number_or_missing(config, "difference"),
          .deviation = number_or_missing(config, "deviation"),
          .half_width = number_or_missing(config, "half_width_95"),
          .p = number_or_missing(config, "p"),
          .p_holm = number_or_missing(config, "p_holm"),
          .wins = number_or_missing(config, "wins"),
          .relative_gain = number_or_missing(config, "delta_p_percent"),
          .per_task = read_effects(config.object_or_empty("per_task")),
          .joint = read_effects(config.object_or_empty("joint"))};
}

Budget read_budget(const Config& config) {
  Budget budget{.steps = number_or_missing(config, "steps"),
                .examples = number_or_missing(config, "examples"),
                .encoded_sequences = number_or_missing(config, "encoded_sequences"),
                .seconds = number_or_missing(config, "seconds"),
                .clipped_share = number_or_missing(config, "clipped_share"),
                .passes = {}};
  const Config passes = config.object_or_empty("passes");
  for (const auto& [name, value] : passes.json().items()) budget.passes[name] = passes.number(name, kMissing);
  return budget;
}

MethodScores read_method(const Config& config) {
  MethodScores method{.key = config.text("key"),
                      .name = config.text("name", config.text("key")),
                      .folder = config.text("folder", config.text("key")),
                      .seeds = {},
                      .per_task = {},
                      .average = read_scores(config.object_or_empty("average")),
                      .joint = {},
                      .baseline = config.text("baseline", ""),
                      .effect = {},
                      .budget = read_budget(config.object_or_empty("budget"))};
  for (const Config& seed : config.list("seeds")) method.seeds.push_back(std::to_string(seed.as_integer()));
  const Config tasks = config.object("per_task");
  for (const auto& [name, value] : tasks.json().items()) method.per_task[name] = read_scores(tasks.object(name));
  const Config joint = config.object_or_empty("joint");
  for (const auto& [names, value] : joint.json().items()) method.joint[names] = read_scores(joint.object(names));
  if (is_present(config, "against_baseline")) method.effect = read_effect(config.object("against_baseline"));
  return method;
}

ComparisonCell read_cell(const Config& config) {
  ComparisonCell cell;
  const Config axes = config.object_or_empty("axes");
  for (const auto& [path, value] : axes.json().items()) cell.axes.emplace_back(path, text_of_value(value));
  cell.folder = config.text("folder", ".");
  for (const Config& method : config.list("methods")) cell.methods.push_back(read_method(method));
  if (is_present(config, "power")) {
    const Config power = config.object("power");
    cell.power = Power{.pairs = number_or_missing(power, "pairs"),
                       .deviation = number_or_missing(power, "deviation"),
                       .detectable_difference = number_or_missing(power, "detectable_difference")};
  }
  return cell;
}

double joint_in(const RunRecord& run, const std::string& names, const std::string& split) {
  const auto found = run.results->joint.find(names);
  if (found == run.results->joint.end()) return kMissing;
  const auto score = found->second.find(split);
  return score == found->second.end() ? kMissing : score->second;
}

double score_in(const RunRecord& run, const std::string& task, const std::string& split) {
  for (const auto& [name, result] : run.results->tasks) {
    if (name != task) continue;
    const auto found = result.score.find(split);
    return found == result.score.end() ? kMissing : found->second;
  }
  return kMissing;
}

SeedScores scores_of_values(std::vector<double> values) {
  const Spread spread = spread_of(values);
  return {.spread = spread, .values = std::move(values)};
}

/// The mean over the runs of a number in results.json's `training`; NaN where a run lacks it.
double mean_of_training(const std::vector<const RunRecord*>& runs, const char* key) {
  std::vector<double> values;
  for (const RunRecord* run : runs) {
    const Json& training = run->results->training;
    const auto found = training.is_object() ? training.find(key) : training.end();
    if (!training.is_object() || found == training.end() || !found->is_number()) return kMissing;
    values.push_back(found->get<double>());
  }
  return spread_of(std::move(values)).mean;
}

std::vector<std::string> splits_of(const std::vector<const RunRecord*>& runs) {
  std::vector<std::string> splits = runs.front()->results->splits();
  const bool all_tested = std::all_of(runs.begin(), runs.end(),
                                      [](const RunRecord* run) { return run->results->average.contains("test"); });
  if (all_tested)
    std::stable_partition(splits.begin(), splits.end(), [](const auto& split) { return split == "test"; });
  return splits;
}

ComparisonRecord comparison_on(const std::vector<MethodRuns>& methods, const std::vector<const RunRecord*>& finished,
                               const std::string& split) {
  ComparisonRecord record;
  ComparisonCell cell{.axes = {}, .folder = ".", .methods = {}, .power = {}};
  record.split = split;
  for (const RunRecord* run : finished) {
    for (const auto& [name, result] : run->results->tasks) {
      const bool known = std::any_of(record.tasks.begin(), record.tasks.end(),
                                     [&, wanted = name](const ScoredTask& task) { return task.name == wanted; });
      if (!known) record.tasks.push_back({name, result.metric, result.higher_is_better});
    }
    for (const auto& [names, scores] : run->results->joint) {
      const bool known = std::find(record.joint.begin(), record.joint.end(), names) != record.joint.end();
      if (!known && scores.contains(split)) record.joint.push_back(names);
    }
  }
  for (const MethodRuns& method : methods) {
    std::vector<const RunRecord*> own;
    for (const RunRecord& run : method.runs) {
      if (run.results) own.push_back(&run);
    }
    if (own.empty()) continue;
    MethodScores scores{.key = method.key,
                        .name = method.name,
                        .folder = method.key,
                        .seeds = {},
                        .per_task = {},
                        .average = {},
                        .joint = {},
                        .baseline = {},
                        .effect = {},
                        .budget = {}};
    std::vector<double> averages;
    for (const RunRecord* run : own) {
      scores.seeds.push_back(run->seed ? std::to_string(*run->seed) : "?");
      const auto average = run->results->average.find(record.split);
      averages.push_back(average == run->results->average.end() ? kMissing : average->second);
    }
    scores.average = scores_of_values(averages);
    for (const ScoredTask& task : record.tasks) {
      std::vector<double> values;
      values.reserve(own.size());
      for (const RunRecord* run : own) values.push_back(score_in(*run, task.name, record.split));
      scores.per_task[task.name] = scores_of_values(std::move(values));
    }
    for (const std::string& names : record.joint) {
      std::vector<double> values;
      values.reserve(own.size());
      for (const RunRecord* run : own) values.push_back(joint_in(*run, names, record.split));
      scores.joint[names] = scores_of_values(std::move(values));
    }
    scores.budget.steps = mean_of_training(own, "steps");
    scores.budget.seconds = mean_of_training(own, "seconds");
    scores.budget.examples = mean_of_training(own, "examples");
    scores.budget.encoded_sequences = mean_of_training(own, "encoded_sequences");
    scores.budget.clipped_share = mean_of_training(own, "clipped_share");
    cell.methods.push_back(std::move(scores));
  }
  record.cells.push_back(std::move(cell));
  return record;
}

}  // namespace

bool ComparisonRecord::all_rise() const {
  return std::all_of(tasks.begin(), tasks.end(), [](const ScoredTask& task) { return task.higher_is_better; });
}

int comparison_format(const Json& json, const std::string& file) {
  const Config config = Config::from_json(json, file);
  if (!config.is_object()) config.fail("not an object, so not a comparison");
  return static_cast<int>(config.integer("format", at_least(1)));
}

ComparisonRecord read_comparison(const Json& json, const std::string& file) {
  const Config config = Config::from_json(json, file);
  if (const int format = comparison_format(json, file); format != 2) {
    config.fail("format", "found " + std::to_string(format) + ", a report reads format 2");
  }
  ComparisonRecord record;
  record.split = config.text("split");
  record.baseline = config.text("baseline", "");
  for (const Config& task : config.list("tasks")) {
    record.tasks.push_back({task.text("name"), task.text("metric", ""), task.boolean("higher_is_better", true)});
  }
  for (const Config& task : config.list_or_empty("left_out_tasks")) {
    record.left_out_tasks.push_back(text_of_value(task.json()));
  }
  for (const Config& names : config.list_or_empty("joint")) record.joint.push_back(text_of_value(names.json()));
  for (const Config& cell : config.list("cells")) record.cells.push_back(read_cell(cell));
  if (record.cells.empty()) config.fail("cells", "holds no cell, so there is nothing to show yet");
  return record;
}

std::vector<ComparisonRecord> comparisons_of_runs(const std::vector<MethodRuns>& methods) {
  std::vector<const RunRecord*> finished;
  for (const MethodRuns& method : methods) {
    for (const RunRecord& run : method.runs) {
      if (run.results) finished.push_back(&run);
    }
  }
  std::vector<ComparisonRecord> records;
  if (finished.empty()) return records;
  for (const std::string& split : splits_of(finished)) records.push_back(comparison_on(methods, finished, split));
  return records;
}

}  // namespace infomtl::report

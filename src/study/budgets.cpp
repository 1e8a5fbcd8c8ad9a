#include "study/budgets.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "infomtl/core/counted.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/training_stream.h"
#include "infomtl/metrics/statistics.h"
#include "infomtl/runs/text_table.h"
#include "infomtl/train/trainer.h"

namespace infomtl {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kTolerance = 0.02;
constexpr double kShortBatches = 0.1;  // of examples, where steps are equal: what the last batch of each pass lacks

double number_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_number() ? kUnknown : found->get<double>();
}

double mean_at(const std::vector<Results>& runs, const char* key) {
  std::vector<double> values;
  for (const Results& run : runs) values.push_back(number_at(run.training, key));
  return spread_of(std::move(values)).mean;
}

/// Examples of a pass, and the steps that it takes, over rows that are cut into batches.
struct Pass {
  double rows = 0, batches = 0;
};
Pass pass_over(std::size_t rows, std::int64_t batch_size) {
  const auto count = static_cast<std::int64_t>(rows);
  return {static_cast<double>(rows), static_cast<double>((count + batch_size - 1) / batch_size)};
}

/// Examples of one epoch with a batch of one task per step.
double examples_of_tasks(const SplitData& train) {
  double examples = 0;
  for (const TaskRows& task : train.tasks) examples += static_cast<double>(task.size());
  return examples;
}

/// Examples of an average step in the joint regime, over whole passes.
double examples_of_joint_step(const SplitData& train, const BatchingSettings& batching) {
  const auto groups = groups_sharing_texts(train);
  const auto count = static_cast<std::int64_t>(groups.size());
  const bool total = batching.joint_batch_size == "total";
  double examples = 0;
  for (std::int64_t g = 0; g < count; ++g) {
    std::set<std::int32_t> texts;
    for (const std::size_t task : groups[static_cast<std::size_t>(g)]) {
      texts.insert(train.tasks[task].sequences.begin(), train.tasks[task].sequences.end());
    }
    const std::int64_t size =
        total ? batching.batch_size / count + (g < batching.batch_size % count ? 1 : 0) : batching.batch_size;
    const Pass pass = pass_over(texts.size(), std::max<std::int64_t>(size, 1));
    examples += pass.rows / pass.batches;
  }
  return examples;
}

}  // namespace

Budget budget_of(const std::vector<Results>& runs) {
  Budget budget{.steps = mean_at(runs, "steps"),
                .examples = mean_at(runs, "examples"),
                .encoded_sequences = mean_at(runs, "encoded_sequences"),
                .seconds = mean_at(runs, "seconds"),
                .clipped_share = mean_at(runs, "clipped_share"),
                .passes = {},
                .planned_steps = mean_at(runs, "planned_steps"),
                .planned_examples = mean_at(runs, "planned_examples")};
  std::map<std::string, std::vector<double>> passes;
  for (const Results& run : runs) {
    const auto found = run.training.find("passes");
    if (found == run.training.end() || !found->is_object()) continue;
    for (const auto& [task, value] : found->items()) passes[task].push_back(number_at(*found, task));
  }
  for (auto& [task, values] : passes) budget.passes[task] = spread_of(std::move(values)).mean;
  return budget;
}

PlannedBudget planned_budget(const std::string& row, Run& run, const Cell& cell) {
  if (run.finished()) return planned_budget(row, budget_of({run.fit()}));
  const RunPlan plan = RunPlan::of(cell.config.overridden({}));
  return planned_budget(row, TrainerSettings::from_config(plan.config), plan.single,
                        load_dataset(plan.config.object("data"), cell.seed));
}

PlannedBudget planned_budget(const std::string& row, const TrainerSettings& settings, bool single,
                             const Dataset& dataset) {
  PlannedBudget planned{.row = row};
  const auto epochs = static_cast<double>(settings.epochs);
  if (!single) {
    planned.steps = epochs * static_cast<double>(steps_per_epoch(dataset, settings.batching));
    if (settings.max_steps > 0) planned.steps = std::min(planned.steps, static_cast<double>(settings.max_steps));
  }
  if (settings.max_steps > 0) return planned;  // examples: a part of a pass

  const SplitData& train = dataset.split(Split::train);
  if (single) {
    planned.steps = 0;
    for (const TaskRows& task : train.tasks) {
      planned.steps += epochs * pass_over(task.size(), settings.batching.batch_size).batches;
    }
    planned.examples = epochs * examples_of_tasks(train);
  } else if (settings.batching.regime == Regime::joint) {
    planned.examples = planned.steps * examples_of_joint_step(train, settings.batching);
  } else if (settings.sampler == nullptr || settings.sampler->by_size()) {
    planned.examples = epochs * examples_of_tasks(train);
  }
  return planned;
}

PlannedBudget planned_budget(const std::string& row, const Budget& spent) {
  const double planned = std::isnan(spent.planned_steps) ? spent.steps : spent.planned_steps;
  const double examples =
      std::isnan(spent.planned_examples) ? spent.examples * (planned / spent.steps) : spent.planned_examples;
  return {.row = row, .steps = planned, .examples = examples};
}

void refuse_unequal_budgets(const std::vector<PlannedBudget>& rows, const std::string& where,
                            const std::string& table) {
  struct Measure {
    const char* name;
    double PlannedBudget::*of;
    double tolerance;
  };
  for (const auto& [name, measure, tolerance] : {Measure{"steps", &PlannedBudget::steps, kTolerance},
                                                 Measure{"examples", &PlannedBudget::examples, kShortBatches}}) {
    double least = kUnknown, most = kUnknown;
    std::vector<std::string> numbers;
    for (const PlannedBudget& row : rows) {
      const double value = row.*measure;
      if (std::isnan(value)) continue;
      least = std::fmin(least, value);
      most = std::fmax(most, value);
      numbers.push_back(row.row + " " + fixed(value, 0));
    }
    if (numbers.empty() || most <= least * (1 + tolerance)) continue;
    throw UserError(where + ": " + (table.empty() ? "" : table + ": ") + "the methods do not train on as many " + name +
                    ": " + joined(numbers) +
                    "; give them the same budget (training.epochs, max_steps, batch_size, ...), or " +
                    "say \"unequal_budgets\": true");
  }
}

}  // namespace infomtl

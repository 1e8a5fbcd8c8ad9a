#include "step/step_losses.h"

#include <algorithm>
#include <map>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

void add_counts(std::vector<std::int64_t>& totals, const std::vector<std::int64_t>& counts) {
  totals.resize(counts.size(), 0);
  for (std::size_t i = 0; i < counts.size(); ++i) totals[i] += counts[i];
}

using Counts = std::vector<std::int64_t>;

bool counts_something(const Counts& counts) {
  return std::any_of(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; });
}

void add_parts(std::vector<TermSum>& sums, const std::vector<TermPart>& parts) {
  for (const TermPart& part : parts) {
    auto found = std::find_if(sums.begin(), sums.end(), [&](const TermSum& sum) { return sum.term == part.term; });
    if (found == sums.end()) {
      found = sums.insert(sums.end(), {part.term, torch::zeros({}, part.sum.options().dtype(torch::kFloat64)), 0, 0});
    }
    found->sum.add_(part.sum);
    found->count += part.count;
    found->weight = part.weight;
  }
}

}  // namespace

StepLosses::StepLosses(const ForwardContext& context, std::vector<StepBatch> micro_batches,
                       const torch::TensorOptions& options, std::shared_ptr<ops::GradientSink> sink)
    : context_(context),
      micros_(std::move(micro_batches)),
      sink_(std::move(sink)),
      recorded_(micros_.size(), false),
      penalties_recorded_(micros_.size(), false) {
  std::map<std::size_t, Counts> counts, penalty_counts;  // of each task over all micro-batches
  for (const StepBatch& micro : micros_) {
    for (const TaskBatch& rows : micro.tasks) {
      const Task& task = context_.model->tasks().at(rows.task);
      add_counts(counts[rows.task], context_.objective->counts(task, rows));
      add_counts(penalty_counts[rows.task], context_.objective->penalty_counts(task, rows));
    }
  }
  if (counts.empty()) throw StateError("a step without a task");
  const bool all = !context_.training || context_.independent > 0;
  for (const auto& [task, of_terms] : counts) {
    if (all || counts_something(of_terms)) tasks_.push_back(task);
  }
  tasks_with_rows_ = tasks_;
  for (const auto& [task, of_terms] : counts) {
    if (!all && !counts_something(of_terms)) tasks_with_rows_.push_back(task);
  }
  for (const std::size_t task : tasks_with_rows_) {
    totals_.push_back(counts[task]);
    penalty_totals_.push_back(penalty_counts[task]);
  }
  terms_.resize(tasks_with_rows_.size());
  values_ = torch::zeros({static_cast<std::int64_t>(tasks_.size())}, options);
}

std::size_t StepLosses::place_of(std::size_t task) const {
  return static_cast<std::size_t>(std::find(tasks_with_rows_.begin(), tasks_with_rows_.end(), task) -
                                  tasks_with_rows_.begin());
}

StepLosses::Run StepLosses::run(std::size_t micro, bool records) const {
  ForwardContext context = context_;
  context.micro_batch = static_cast<std::int64_t>(micro);
  context.records = context.records && records;
  Run found;
  LossPass& pass = found.pass;
  pass.forward = std::make_shared<ForwardPass>(context, micros_[micro], at::GradMode::is_enabled() ? sink_ : nullptr);
  for (std::size_t k = 0; k < pass.forward->size(); ++k) {
    const std::size_t place = place_of(micros_[micro].tasks[k].task);
    if (place >= tasks_.size()) continue;
    pass.own.push_back(k);
    pass.places.push_back(place);
    TaskLoss loss = pass.forward->loss(k, totals_[place]);
    pass.losses.push_back(loss.value);
    found.parts.push_back(std::move(loss.parts));
  }
  return found;
}

LossPass StepLosses::recorded_pass(std::size_t micro) {
  Run found = run(micro, !recorded_[micro]);
  if (recorded_[micro]) return std::move(found.pass);
  recorded_[micro] = true;
  for (std::size_t k = 0; k < found.parts.size(); ++k) {
    const std::size_t place = found.pass.places[k];
    values_[static_cast<std::int64_t>(place)].add_(found.pass.losses[k].detach());
    add_parts(terms_[place], found.parts[k]);
  }
  return std::move(found.pass);
}

LossPass& StepLosses::graph(std::size_t micro) {
  if (kept_ == nullptr || kept_micro_ != micro) {
    kept_.reset();
    const torch::AutoGradMode with_graph(true);
    kept_ = std::make_unique<LossPass>(recorded_pass(micro));
    kept_micro_ = micro;
  }
  return *kept_;
}

void StepLosses::drop_graph(std::size_t micro) {
  if (kept_micro_ == micro) kept_.reset();
}

LossPass StepLosses::fresh_graph(std::size_t micro) {
  const torch::AutoGradMode with_graph(true);
  return run(micro, /*records=*/false).pass;
}

const Tensor& StepLosses::values() {
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    if (recorded_[micro]) continue;
    if (micros_.size() == 1) {
      graph(micro);
    } else {
      const torch::NoGradGuard no_grad;
      recorded_pass(micro);
    }
  }
  return values_;
}

Tensor StepLosses::reevaluated() {
  const torch::NoGradGuard no_grad;
  Tensor result = torch::zeros_like(values_);
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    const LossPass pass = run(micro, /*records=*/false).pass;
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      result[static_cast<std::int64_t>(pass.places[k])].add_(pass.losses[k]);
    }
  }
  return result;
}

Tensor StepLosses::penalties(std::size_t micro) {
  Tensor total;
  if (!has_penalties()) return total;
  LossPass& pass = graph(micro);
  const torch::AutoGradMode with_graph(true);
  for (std::size_t k = 0; k < pass.forward->size(); ++k) {
    const std::size_t place = place_of(micros_[micro].tasks[k].task);
    const TaskLoss found =
        pass.forward->penalties(k, penalty_totals_[place], context_.records && !penalties_recorded_[micro]);
    if (!found.value.defined()) continue;
    total = total.defined() ? total + found.value : found.value;
    if (!penalties_recorded_[micro]) add_parts(terms_[place], found.parts);
  }
  penalties_recorded_[micro] = true;
  return total;
}

}  // namespace infomtl

#include "infomtl/step/step_gradients.h"

#include <algorithm>

#include "infomtl/core/errors.h"

namespace infomtl {

StepGradients::StepGradients(StepContext context, std::vector<StepBatch> micro_batches)
    : context_(std::move(context)),
      micros_(std::move(micro_batches)),
      recorded_(micros_.size(), false),
      sink_(std::make_shared<TaskGradientSink>()) {
  for (const StepBatch& micro : micros_) {
    for (const TaskBatch& rows : micro.tasks) tasks_.push_back(rows.task);
  }
  std::sort(tasks_.begin(), tasks_.end());
  tasks_.erase(std::unique(tasks_.begin(), tasks_.end()), tasks_.end());
  if (tasks_.empty()) throw StateError("a step without a task");

  totals_.resize(tasks_.size());
  terms_.resize(tasks_.size());
  for (const StepBatch& micro : micros_) {
    for (const TaskBatch& rows : micro.tasks) {
      const auto place =
          static_cast<std::size_t>(std::lower_bound(tasks_.begin(), tasks_.end(), rows.task) - tasks_.begin());
      const std::vector<std::int64_t> counts =
          context_.forward.objective->counts(context_.forward.model->tasks().at(rows.task), rows);
      std::vector<std::int64_t>& totals = totals_[place];
      totals.resize(counts.size(), 0);
      for (std::size_t i = 0; i < counts.size(); ++i) totals[i] += counts[i];
    }
  }
  for (const FlatSlot& slot : context_.parameters->slots()) {
    if (!slot.trains) continue;
    const bool shared = slot.end <= context_.parameters->shared_size();
    (shared ? shared_ : own_).push_back(slot.parameter);
    if (shared && slot.part != ParameterPart::encoder) after_cut_.push_back(slot);
  }
  losses_ = torch::zeros({static_cast<std::int64_t>(tasks_.size())}, context_.parameters->values().options());
}

StepGradients::~StepGradients() { sink_->forget(); }

StepGradients::Pass StepGradients::run(std::size_t micro) {
  ForwardContext context = context_.forward;
  context.micro_batch = static_cast<std::int64_t>(micro);
  Pass pass;
  pass.forward = std::make_shared<ForwardPass>(context, micros_[micro], at::GradMode::is_enabled() ? sink_ : nullptr);
  for (std::size_t k = 0; k < pass.forward->size(); ++k) {
    const std::size_t task = micros_[micro].tasks[k].task;
    pass.which.push_back(
        static_cast<std::size_t>(std::lower_bound(tasks_.begin(), tasks_.end(), task) - tasks_.begin()));
    TaskLoss loss = pass.forward->loss(k, totals_[pass.which.back()]);
    pass.losses.push_back(loss.value);
    if (recorded_[micro]) continue;
    losses_[static_cast<std::int64_t>(pass.which.back())].add_(loss.value.detach());
    std::vector<TermSum>& sums = terms_[pass.which.back()];
    for (const TermPart& part : loss.parts) {
      auto found = std::find_if(sums.begin(), sums.end(), [&](const TermSum& sum) { return sum.term == part.term; });
      if (found == sums.end()) {
        found = sums.insert(sums.end(), {part.term, torch::zeros({}, part.sum.options().dtype(torch::kFloat64)), 0, 0});
      }
      found->sum.add_(part.sum);
      found->count += part.count;
      found->weight = part.weight;
    }
  }
  recorded_[micro] = true;
  return pass;
}

StepGradients::Pass& StepGradients::graph_of(std::size_t micro) {
  if (kept_ == nullptr || kept_micro_ != micro) {
    kept_.reset();
    const torch::AutoGradMode with_graph(true);
    kept_ = std::make_unique<Pass>(run(micro));
    kept_micro_ = micro;
  }
  return *kept_;
}

void StepGradients::drop_graph(std::size_t micro) {
  if (kept_micro_ == micro) kept_.reset();
}

Tensor StepGradients::losses() {
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    if (recorded_[micro]) continue;
    if (micros_.size() == 1) {
      graph_of(micro);
    } else {
      const torch::NoGradGuard no_grad;
      run(micro);
    }
  }
  return losses_;
}

Tensor StepGradients::reevaluate_losses() {
  const torch::NoGradGuard no_grad;
  Tensor result = torch::zeros_like(losses_);
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    const Pass pass = run(micro);
    for (std::size_t k = 0; k < pass.losses.size(); ++k)
      result[static_cast<std::int64_t>(pass.which[k])].add_(pass.losses[k]);
  }
  return result;
}

namespace {

/// Shared parameters moved by a shift for as long as this lives; then they are what they were, to the bit.
class Shifted {
 public:
  Shifted(FlatParameters& parameters, const Tensor& shift)
      : place_(parameters.values().slice(0, 0, parameters.shared_size())) {
    const torch::NoGradGuard no_grad;
    kept_ = place_.clone();
    place_.add_(shift.detach().to(place_.options()).reshape({-1}));
  }
  ~Shifted() {
    const torch::NoGradGuard no_grad;
    place_.copy_(kept_);
  }
  Shifted(const Shifted&) = delete;
  Shifted& operator=(const Shifted&) = delete;

 private:
  Tensor place_, kept_;
};

}  // namespace

Tensor StepGradients::losses_at(const Tensor& shift) {
  losses();  // recorded where the parameters are now
  const Shifted shifted(*context_.parameters, shift);
  return reevaluate_losses();
}

Tensor StepGradients::jacobian_at(const Tensor& shift) {
  losses();
  const Shifted shifted(*context_.parameters, shift);
  const torch::AutoGradMode with_graph(true);
  Tensor own;
  GradientRows result(std::make_shared<GradientColumns>(shared_slots()), task_rows(), losses_.options(), own);
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) add_jacobian(run(micro), result);
  return in_all_columns(result);
}

TaskGradients& StepGradients::independent(std::size_t index) {
  std::unique_ptr<StepGradients>& found = independent_[index];
  if (found == nullptr) {
    if (!context_.independent) throw StateError("this step has no independent batches: it was given a batch by hand");
    StepContext context = context_;
    context.forward.independent = static_cast<std::int64_t>(index) + 1;
    context.memory = nullptr;
    found = std::make_unique<StepGradients>(std::move(context), context_.independent(index));
  }
  return *found;
}

RandomStream StepGradients::random() {
  return RandomStream(
      derive_seed(context_.forward.seed, "weighting", static_cast<std::uint64_t>(context_.forward.step)));
}

}  // namespace infomtl

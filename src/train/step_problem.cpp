#include "train/step_problem.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "infomtl/core/errors.h"

namespace infomtl {

/// One forward pass over one micro-batch.
struct StepProblem::Pass {
  std::shared_ptr<StepForward> forward;
  std::vector<std::size_t> which;  ///< the place in tasks() of the k-th task of the micro-batch
  std::vector<Tensor> losses;      ///< with graph, already divided by the counts of the whole step
};

/// Takes per-task gradients of shared parameters while it is open; otherwise gradients are ordinary ones.
class StepProblem::Rows final : public ops::GradientSink {
 public:
  explicit Rows(const FlatParameters& parameters) {
    for (const FlatSlot& slot : parameters.slots()) {
      if (slot.end <= parameters.shared_size()) places_[slot.parameter.const_data_ptr()] = {slot.begin, slot.end};
    }
  }
  void take_into(const Tensor& rows) {
    rows_ = rows;
    taken_.clear();
  }
  bool took(const Tensor& parameter) const { return taken_.contains(parameter.const_data_ptr()); }

  Tensor open(const Tensor& parameter) override {
    if (!rows_.defined()) return {};
    const auto found = places_.find(parameter.const_data_ptr());
    if (found == places_.end()) return {};
    taken_.insert(parameter.const_data_ptr());
    return rows_.slice(1, found->second.first, found->second.second);
  }
  void close(const Tensor& /*parameter*/, const Tensor& /*rows*/) override {}

 private:
  std::unordered_map<const void*, std::pair<std::int64_t, std::int64_t>> places_;
  std::unordered_set<const void*> taken_;
  Tensor rows_;
};

StepProblem::StepProblem(ProblemContext context, std::vector<StepBatch> micro_batches)
    : context_(std::move(context)),
      micros_(std::move(micro_batches)),
      recorded_(micros_.size(), false),
      rows_(std::make_shared<Rows>(*context_.parameters)) {
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
    const bool shared = slot.end <= context_.parameters->shared_size();
    (shared ? shared_ : own_).push_back(slot.parameter);
    if (shared && !slot.name.starts_with("encoder.")) after_cut_.push_back(slot.parameter);
  }
  losses_ = torch::zeros({static_cast<std::int64_t>(tasks_.size())}, context_.parameters->values().options());
}

StepProblem::~StepProblem() = default;

StepProblem::Pass StepProblem::run(std::size_t micro) {
  ForwardContext context = context_.forward;
  context.micro_batch = static_cast<std::int64_t>(micro);
  // With one task the ordinary gradient is the task's.
  const bool segments = tasks_.size() > 1 && at::GradMode::is_enabled();
  Pass pass;
  pass.forward = std::make_shared<StepForward>(context, micros_[micro], segments ? rows_ : nullptr);
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

StepProblem::Pass& StepProblem::graph_of(std::size_t micro) {
  if (kept_ == nullptr || kept_micro_ != micro) {
    kept_.reset();
    const torch::AutoGradMode with_graph(true);
    kept_ = std::make_unique<Pass>(run(micro));
    kept_micro_ = micro;
  }
  return *kept_;
}

void StepProblem::drop_graph(std::size_t micro) {
  if (kept_micro_ == micro) kept_.reset();
}

Tensor StepProblem::losses() {
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

Tensor StepProblem::reevaluate_losses() {
  const torch::NoGradGuard no_grad;
  Tensor result = torch::zeros_like(losses_);
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    const Pass pass = run(micro);
    for (std::size_t k = 0; k < pass.losses.size(); ++k)
      result[static_cast<std::int64_t>(pass.which[k])].add_(pass.losses[k]);
  }
  return result;
}

Tensor StepProblem::shared_gradients() const {
  return context_.parameters->gradients().slice(0, 0, context_.parameters->shared_size());
}
Tensor StepProblem::own_gradients() const {
  return context_.parameters->gradients().slice(0, context_.parameters->shared_size());
}

/// Adds each task's gradients of `parameters` to its row of `rows`, whose first column is flat position `first`.
void StepProblem::add_rows(const Pass& pass, const std::vector<Tensor>& parameters, Tensor& rows, std::int64_t first) {
  if (parameters.empty()) return;
  for (std::size_t k = 0; k < pass.losses.size(); ++k) {
    if (!pass.losses[k].requires_grad()) continue;
    const auto gradients = torch::autograd::grad({pass.losses[k]}, parameters, {}, /*retain_graph=*/true,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    const Tensor row = rows[static_cast<std::int64_t>(pass.which[k])];
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (!gradients[p].defined()) continue;
      const std::int64_t begin = parameters[p].storage_offset();  // its place in the flat buffer
      row.narrow(0, begin - first, parameters[p].numel()).add_(gradients[p].reshape(-1));
    }
  }
}

/// Adds the tasks' gradients of the shared parameters over one micro-batch to the rows of `jacobian`.
void StepProblem::add_jacobian(const Pass& pass, Tensor& jacobian) {
  std::vector<Tensor> left = shared_;
  bool in_order = pass.which.size() == tasks_.size();
  for (std::size_t k = 0; k < pass.which.size(); ++k) in_order = in_order && pass.which[k] == k;
  Tensor sum = torch::zeros_like(losses_[0]);
  for (const Tensor& loss : pass.losses) sum = sum + loss;
  if (pass.forward->segmented() && in_order && sum.requires_grad()) {
    rows_->take_into(jacobian);
    const auto ordinary = torch::autograd::grad({sum}, shared_, {}, /*retain_graph=*/true, /*create_graph=*/false,
                                                /*allow_unused=*/true);
    // What the sink did not take (parameters outside the encoder, encoders that know no segments) goes task by task.
    left.clear();
    for (std::size_t p = 0; p < shared_.size(); ++p) {
      if (!ordinary[p].defined()) continue;
      if (rows_->took(shared_[p])) {
        throw StateError("parameter \"" + context_.parameters->find(shared_[p])->name +
                         "\" is used once with gradient segments and once without");
      }
      left.push_back(shared_[p]);
    }
    rows_->take_into({});
  }
  add_rows(pass, left, jacobian, 0);
}

void StepProblem::compute_jacobian() {
  if (jacobian_.defined()) return;
  const auto tasks = static_cast<std::int64_t>(tasks_.size());
  const std::int64_t size = context_.parameters->shared_size();
  const auto options = context_.parameters->values().options();
  Tensor own_memory;
  Tensor& memory = context_.jacobian_memory == nullptr ? own_memory : *context_.jacobian_memory;
  if (!memory.defined() || memory.size(0) != tasks) memory = torch::empty({tasks, size}, options);
  Tensor jacobian = memory.zero_();
  own_rows_ = torch::zeros({tasks, context_.parameters->size() - size}, options);
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    const Pass& pass = graph_of(micro);
    add_rows(pass, own_, own_rows_, size);
    add_jacobian(pass, jacobian);
    if (micros_.size() > 1) drop_graph(micro);
  }
  jacobian_ = jacobian;
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

Tensor StepProblem::losses_at(const Tensor& shift) {
  losses();  // recorded where the parameters are now
  const Shifted shifted(*context_.parameters, shift);
  return reevaluate_losses();
}

Tensor StepProblem::jacobian_at(const Tensor& shift) {
  losses();
  const Shifted shifted(*context_.parameters, shift);
  const torch::AutoGradMode with_graph(true);
  Tensor result = torch::zeros({losses_.numel(), context_.parameters->shared_size()}, losses_.options());
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) add_jacobian(run(micro), result);
  return result;
}

Tensor StepProblem::jacobian() {
  compute_jacobian();
  return jacobian_;
}

Tensor StepProblem::gramian() {
  compute_jacobian();
  constexpr std::int64_t kColumns = 1 << 18;  // float64 copies stay small
  Tensor result = torch::zeros({jacobian_.size(0), jacobian_.size(0)}, jacobian_.options().dtype(torch::kFloat64));
  for (std::int64_t begin = 0; begin < jacobian_.size(1); begin += kColumns) {
    const Tensor block = jacobian_.slice(1, begin, std::min(begin + kColumns, jacobian_.size(1))).to(torch::kFloat64);
    result.addmm_(block, block.t());
  }
  return result.to(torch::kCPU);
}

void StepProblem::begin_apply() {
  if (applied_) throw StateError("a weighting ended the same step twice");
  applied_ = true;
}

void StepProblem::add_to_own(const Tensor& weights) { own_gradients().addmv_(own_rows_.t(), weights); }

void StepProblem::apply_weights(const Tensor& weights, const Tensor& head_weights) {
  begin_apply();
  const auto on_device = [&](const Tensor& w) {
    if (w.numel() != losses_.numel()) {
      throw StateError("a weighting gave " + std::to_string(w.numel()) + " weights for " + std::to_string(size()) +
                       " losses");
    }
    return w.detach().to(losses_.options()).reshape({-1});
  };
  const Tensor w = on_device(weights);
  applied_weights_ = w;
  const bool apart = head_weights.defined() && !at::equal(on_device(head_weights), w);
  const Tensor heads = apart ? on_device(head_weights) : w;
  if (jacobian_.defined()) {
    shared_gradients().addmv_(jacobian_.t(), w);
    add_to_own(heads);
    kept_.reset();
    return;
  }
  if (apart) own_rows_ = torch::zeros({losses_.numel(), own_gradients().numel()}, losses_.options());
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    Pass& pass = graph_of(micro);
    if (apart) add_rows(pass, own_, own_rows_, context_.parameters->shared_size());
    Tensor total = torch::zeros_like(losses_[0]);
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      total = total + w[static_cast<std::int64_t>(pass.which[k])] * pass.losses[k];
    }
    if (total.requires_grad()) {
      torch::autograd::backward({total}, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                apart ? shared_ : std::vector<Tensor>{});
    }
    drop_graph(micro);
  }
  if (apart) add_to_own(heads);
}

void StepProblem::apply_direction(const Tensor& direction, const Tensor& head_weights) {
  compute_jacobian();
  begin_apply();
  if (direction.numel() != context_.parameters->shared_size()) {
    throw StateError("a weighting gave a direction of " + std::to_string(direction.numel()) + " entries for " +
                     std::to_string(context_.parameters->shared_size()) + " shared parameters");
  }
  shared_gradients().add_(direction.detach().to(losses_.options()).reshape({-1}));
  add_to_own(head_weights.defined() ? head_weights.detach().to(losses_.options()).reshape({-1})
                                    : torch::ones_like(losses_));
  kept_.reset();
}

void StepProblem::compute_representation_gradients() {
  if (!representation_gradients_.empty()) return;
  if (context_.forward.model->architecture().needs_layers()) {
    throw ConfigError(
        "gradients of the shared representation: the architecture reads every layer, so there is no one "
        "representation; take gradients of the shared parameters");
  }
  const std::int64_t size = context_.parameters->shared_size();
  own_rows_ = torch::zeros({losses_.numel(), own_gradients().numel()}, losses_.options());
  if (!after_cut_.empty()) after_cut_rows_ = torch::zeros({losses_.numel(), size}, losses_.options());
  std::vector<std::vector<Tensor>> values(tasks_.size()), gradients(tasks_.size());
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    Pass& pass = graph_of(micro);
    add_rows(pass, own_, own_rows_, size);
    add_rows(pass, after_cut_, after_cut_rows_, 0);
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      const std::vector<Tensor> cut = pass.forward->cut(k);
      if (cut.empty() || !pass.losses[k].requires_grad()) continue;
      const auto found = torch::autograd::grad({pass.losses[k]}, cut, {}, /*retain_graph=*/true, /*create_graph=*/false,
                                               /*allow_unused=*/true);
      for (std::size_t i = 0; i < cut.size(); ++i) {
        values[pass.which[k]].push_back(cut[i].detach());
        gradients[pass.which[k]].push_back(found[i].defined() ? found[i] : torch::zeros_like(cut[i]));
      }
    }
    if (micros_.size() > 1) drop_graph(micro);
  }
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    const Tensor none = torch::zeros({0, context_.forward.model->encoder().width()}, losses_.options());
    representations_.push_back(values[t].empty() ? none : at::cat(values[t]));
    representation_gradients_.push_back(gradients[t].empty() ? none : at::cat(gradients[t]));
  }
}

std::vector<Tensor> StepProblem::representation_gradients() {
  compute_representation_gradients();
  return representation_gradients_;
}

std::vector<Tensor> StepProblem::representations() {
  compute_representation_gradients();
  return representations_;
}

void StepProblem::apply_representation_gradients(const std::vector<Tensor>& gradients) {
  compute_representation_gradients();
  begin_apply();
  if (gradients.size() != tasks_.size()) {
    throw StateError("a weighting gave " + std::to_string(gradients.size()) + " representation gradients for " +
                     std::to_string(tasks_.size()) + " tasks");
  }
  std::vector<std::int64_t> used(tasks_.size(), 0);
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    Pass& pass = graph_of(micro);
    std::vector<Tensor> ends, directions;
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      const std::size_t t = pass.which[k];
      for (const Tensor& cut : pass.forward->cut(k)) {
        if (cut.requires_grad()) {
          ends.push_back(cut);
          directions.push_back(gradients[t].narrow(0, used[t], cut.size(0)).to(cut.options()));
        }
        used[t] += cut.size(0);
      }
    }
    std::vector<Tensor> encoder;
    for (const FlatSlot& slot : context_.parameters->slots()) {
      if (slot.name.starts_with("encoder.")) encoder.push_back(slot.parameter);
    }
    if (!ends.empty())
      torch::autograd::backward(ends, directions, /*retain_graph=*/false, /*create_graph=*/false, encoder);
    drop_graph(micro);
  }
  const Tensor ones = torch::ones_like(losses_);
  add_to_own(ones);
  if (after_cut_rows_.defined()) shared_gradients().addmv_(after_cut_rows_.t(), ones);
}

GradientProblem& StepProblem::independent(std::size_t index) {
  std::unique_ptr<StepProblem>& found = independent_[index];
  if (found == nullptr) {
    if (!context_.independent) throw StateError("this step has no independent batches: it was given a batch by hand");
    ProblemContext context = context_;
    context.forward.stream = static_cast<std::int64_t>(index) + 1;
    context.jacobian_memory = nullptr;
    found = std::make_unique<StepProblem>(std::move(context), context_.independent(index));
  }
  return *found;
}

RandomStream StepProblem::random() {
  return RandomStream(
      derive_seed(context_.forward.seed, "weighting", static_cast<std::uint64_t>(context_.forward.step)));
}

}  // namespace infomtl

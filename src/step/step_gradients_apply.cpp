// Gradients of a step: the Jacobian or the Gram matrix of its tasks, and the ways to end it.

#include <algorithm>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/step/step_gradients.h"

namespace infomtl {

std::vector<FlatSlot> StepGradients::shared_slots() const {
  std::vector<FlatSlot> slots;
  for (const FlatSlot& slot : context_.parameters->slots()) {
    if (slot.trains && slot.end <= context_.parameters->shared_size()) slots.push_back(slot);
  }
  return slots;
}

/// [T, P]: zeros where rows have no column (words that the step does not use, parameters that rest).
Tensor StepGradients::in_all_columns(GradientRows& rows) const {
  const std::int64_t shared = context_.parameters->shared_size();
  return rows.columns().size() == shared ? rows.values() : rows.columns().expanded(rows.values(), shared);
}

/// Of the word embeddings only the rows of the step's tokens.
std::shared_ptr<const GradientColumns> StepGradients::used_columns() const {
  std::vector<Tensor> ids;
  for (const StepBatch& micro : micros_) ids.push_back(micro.tokens.ids);
  return std::make_shared<GradientColumns>(shared_slots(), context_.forward.model->encoder().word_table(),
                                           std::get<0>(at::_unique(at::cat(ids), /*sorted=*/true)));
}

std::unique_ptr<GradientRows> StepGradients::new_own_rows() {
  std::vector<FlatSlot> slots;
  for (const FlatSlot& slot : context_.parameters->slots()) {
    if (slot.trains && slot.begin >= context_.parameters->shared_size()) slots.push_back(slot);
  }
  return std::make_unique<GradientRows>(std::make_shared<GradientColumns>(slots), task_rows(), losses_.options(),
                                        own_rows_memory_);
}

void StepGradients::compute_own_rows() {
  if (own_rows_ != nullptr) return;
  own_rows_ = new_own_rows();
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    add_rows(graph_of(micro), own_, *own_rows_);
    if (micros_.size() > 1) drop_graph(micro);
  }
}

/// Adds each task's gradients of `parameters` to its row, by one backward pass per task.
/// @return false when a gradient has an entry without a column that is not zero
bool StepGradients::add_rows(const Pass& pass, const std::vector<Tensor>& parameters, GradientRows& rows) {
  bool complete = true;
  if (parameters.empty()) return complete;
  for (std::size_t k = 0; k < pass.losses.size(); ++k) {
    if (!pass.losses[k].requires_grad()) continue;
    const auto gradients = torch::autograd::grad({pass.losses[k]}, parameters, {}, /*retain_graph=*/true,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (!gradients[p].defined()) continue;
      complete = rows.add(static_cast<std::int64_t>(pass.which[k]), parameters[p], gradients[p]) && complete;
    }
  }
  return complete;
}

/// Whether the segments of the pass are the tasks of the step, so that one backward pass fills all rows.
bool StepGradients::one_backward_will_do(const Pass& pass) const {
  bool in_order = pass.which.size() == tasks_.size();
  for (std::size_t k = 0; k < pass.which.size(); ++k) in_order = in_order && pass.which[k] == k;
  const bool any =
      std::any_of(pass.losses.begin(), pass.losses.end(), [](const Tensor& l) { return l.requires_grad(); });
  return pass.forward->segmented() && in_order && any;
}

/// One backward pass over all tasks with the sink as it was opened.
/// @return the shared parameters that the sink did not take: those outside the encoder, encoders that know no segments
std::vector<Tensor> StepGradients::backward_with_segments(const Pass& pass, bool keep_graph) {
  Tensor sum = torch::zeros_like(losses_[0]);
  for (const Tensor& loss : pass.losses) sum = sum + loss;
  if (shared_.empty()) return {};
  const auto ordinary = torch::autograd::grad({sum}, shared_, {}, keep_graph, /*create_graph=*/false,
                                              /*allow_unused=*/true);
  std::vector<Tensor> left;
  for (std::size_t p = 0; p < shared_.size(); ++p) {
    if (!ordinary[p].defined()) continue;
    if (sink_->took(shared_[p])) {
      throw StateError("parameter \"" + context_.parameters->find(shared_[p])->name +
                       "\" is used once with gradient segments and once without");
    }
    left.push_back(shared_[p]);
  }
  sink_->close_all();
  return left;
}

/// Adds the tasks' gradients of the shared parameters over one micro-batch.
/// @return as add_rows()
bool StepGradients::add_jacobian(const Pass& pass, GradientRows& jacobian) {
  if (!one_backward_will_do(pass)) return add_rows(pass, shared_, jacobian);
  sink_->collect(jacobian);
  return add_rows(pass, backward_with_segments(pass, /*keep_graph=*/true), jacobian);
}

/// @return as add_rows()
bool StepGradients::fill(GradientRows& jacobian) {
  own_rows_ = new_own_rows();
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    const Pass& pass = graph_of(micro);
    add_rows(pass, own_, *own_rows_);
    if (!add_jacobian(pass, jacobian)) return false;
    if (micros_.size() > 1) drop_graph(micro);
  }
  return true;
}

void StepGradients::compute_jacobian(bool every_column) {
  if (jacobian_ != nullptr) return;
  const auto rows_over = [&](std::shared_ptr<const GradientColumns> columns) {
    return std::make_unique<GradientRows>(std::move(columns), task_rows(), losses_.options(), memory().rows);
  };
  std::unique_ptr<GradientRows> jacobian;
  if (!every_column) {
    jacobian = rows_over(used_columns());
    // A term of a user's own may read the whole table; then every column counts.
    if (!fill(*jacobian)) jacobian = nullptr;
  }
  if (jacobian == nullptr) {
    jacobian = rows_over(std::make_shared<GradientColumns>(shared_slots()));
    fill(*jacobian);
  }
  jacobian_ = std::move(jacobian);
}

void StepGradients::require_shared() const {
  if (!shared_.empty()) return;
  throw ConfigError(
      "every shared parameter rests, but the weighting asks for the tasks' gradients of shared parameters");
}

Tensor StepGradients::jacobian() {
  require_shared();
  compute_jacobian(/*every_column=*/true);
  if (!full_jacobian_.defined()) full_jacobian_ = in_all_columns(*jacobian_);
  return full_jacobian_;
}

/// The Gram matrix from one backward pass that holds all tasks' gradients of only a few large parameters at a time.
/// @return false where that can't be; then the Jacobian is needed
bool StepGradients::compute_gram() {
  // A task's gradient is a sum over micro-batches, and products of sums are not sums of products. One task alone needs
  // no more memory for its row than its ordinary gradient.
  if (micros_.size() > 1 || size() == 1) return false;
  // So it is with a parameter that a pass uses twice (a repeated encoding, layers that share one). What a step finds
  // out spares the next ones the try.
  if (memory().needs_jacobian) return false;
  // Rows of several tasks: gradients come task by task, each over all parameters.
  const Pass& pass = graph_of(0);
  if (!one_backward_will_do(pass)) return false;

  // Rows are kept of vectors, for they are small, and of what lies behind the encoder: that has no segments and goes
  // task by task, before the graph is used up.
  std::vector<FlatSlot> slots;
  std::vector<Tensor> behind;
  for (const FlatSlot& slot : shared_slots()) {
    const bool in_encoder = slot.part == ParameterPart::encoder;
    if (!in_encoder) behind.push_back(slot.parameter);
    if (!in_encoder || slot.parameter.dim() < 2) slots.push_back(slot);
  }
  auto rows = std::make_unique<GradientRows>(std::make_shared<GradientColumns>(slots), task_rows(), losses_.options(),
                                             beside_products_memory_);
  own_rows_ = new_own_rows();
  add_rows(pass, own_, *own_rows_);
  add_rows(pass, behind, *rows);
  const Tensor gram = torch::zeros({task_rows(), task_rows()}, torch::kFloat64);
  sink_->collect_and_multiply(*rows, used_columns(), gram, memory().scratch);
  const std::vector<Tensor> left = backward_with_segments(pass, /*keep_graph=*/false);
  kept_.reset();
  const bool all = std::all_of(left.begin(), left.end(), [&](const Tensor& parameter) {
    return std::any_of(behind.begin(), behind.end(), [&](const Tensor& other) { return other.is_same(parameter); });
  });
  if (!all || !sink_->right()) {
    memory().needs_jacobian = true;
    return false;
  }
  ops::add_gram(rows->values(), gram);
  beside_products_ = std::move(rows);
  gram_ = gram;
  return true;
}

Tensor StepGradients::gram() {
  if (gram_.defined()) return gram_;
  require_shared();
  const bool alone = context_.gram_only && jacobian_ == nullptr && compute_gram();
  if (!alone) {
    compute_jacobian(/*every_column=*/false);
    gram_ = torch::zeros({task_rows(), task_rows()}, torch::kFloat64);
    ops::add_gram(jacobian_->values(), gram_);
  }
  if (size() > 1 && context_.memory != nullptr && !std::exchange(memory().announced, true)) {
    log::info("gradients of " + std::to_string(size()) + " tasks: " +
              (alone ? "their products only"
                     : "a Jacobian of " + std::to_string(jacobian_->values().nbytes() >> 20) + " MiB"));
  }
  return gram_;
}

void StepGradients::begin_apply() {
  if (applied_) throw StateError("a weighting ended the same step twice");
  applied_ = true;
}

void StepGradients::apply_weights(const Tensor& weights, const Tensor& head_weights) {
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
  const Tensor& gradients = context_.parameters->gradients();
  if (jacobian_ != nullptr) {
    jacobian_->add_combination(w, gradients);
    own_rows_->add_combination(heads, gradients);
    kept_.reset();
    return;
  }
  if (beside_products_ != nullptr) {
    sink_->add_sums(w, *context_.parameters);
    beside_products_->add_combination(w, gradients);
    own_rows_->add_combination(heads, gradients);
    return;
  }
  if (apart) own_rows_ = new_own_rows();
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    Pass& pass = graph_of(micro);
    if (apart) add_rows(pass, own_, *own_rows_);
    Tensor total = torch::zeros_like(losses_[0]);
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      total = total + w[static_cast<std::int64_t>(pass.which[k])] * pass.losses[k];
    }
    if (total.requires_grad() && !(apart && shared_.empty())) {
      sink_->accumulate(*context_.parameters);
      torch::autograd::backward({total}, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                apart ? shared_ : std::vector<Tensor>{});
      sink_->close_all();
    }
    drop_graph(micro);
  }
  if (apart) own_rows_->add_combination(heads, gradients);
}

void StepGradients::apply_direction(const Tensor& direction, const Tensor& head_weights) {
  compute_own_rows();
  begin_apply();
  if (direction.numel() != context_.parameters->shared_size()) {
    throw StateError("a weighting gave a direction of " + std::to_string(direction.numel()) + " entries for " +
                     std::to_string(context_.parameters->shared_size()) + " shared parameters");
  }
  const Tensor& gradients = context_.parameters->gradients();
  gradients.narrow(0, 0, direction.numel()).add_(direction.detach().to(losses_.options()).reshape({-1}));
  own_rows_->add_combination(
      head_weights.defined() ? head_weights.detach().to(losses_.options()).reshape({-1}) : torch::ones_like(losses_),
      gradients);
  kept_.reset();
}

void StepGradients::compute_representation_gradients() {
  if (!representation_gradients_.empty()) return;
  if (context_.forward.model->architecture().needs_layers()) {
    throw ConfigError(
        "gradients of the shared representation: the architecture reads every layer, so there is no one "
        "representation; take gradients of the shared parameters");
  }
  own_rows_ = new_own_rows();
  after_cut_rows_ = std::make_unique<GradientRows>(std::make_shared<GradientColumns>(after_cut_), task_rows(),
                                                   losses_.options(), after_cut_memory_);
  std::vector<Tensor> after_cut;
  for (const FlatSlot& slot : after_cut_) after_cut.push_back(slot.parameter);
  std::vector<std::vector<Tensor>> values(tasks_.size()), gradients(tasks_.size());
  for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
    Pass& pass = graph_of(micro);
    add_rows(pass, own_, *own_rows_);
    add_rows(pass, after_cut, *after_cut_rows_);
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

std::vector<Tensor> StepGradients::representation_gradients() {
  compute_representation_gradients();
  return representation_gradients_;
}

std::vector<Tensor> StepGradients::representations() {
  compute_representation_gradients();
  return representations_;
}

void StepGradients::apply_representation_gradients(const std::vector<Tensor>& gradients) {
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
      if (slot.trains && slot.part == ParameterPart::encoder) encoder.push_back(slot.parameter);
    }
    if (!ends.empty() && !encoder.empty())
      torch::autograd::backward(ends, directions, /*retain_graph=*/false, /*create_graph=*/false, encoder);
    drop_graph(micro);
  }
  const Tensor ones = torch::ones_like(losses_);
  own_rows_->add_combination(ones, context_.parameters->gradients());
  after_cut_rows_->add_combination(ones, context_.parameters->gradients());
}

}  // namespace infomtl

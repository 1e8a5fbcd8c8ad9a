#include "step/task_jacobian.h"

#include <algorithm>

#include "infomtl/core/log.h"
#include "infomtl/ops/device_copy.h"

namespace infomtl {
namespace {

std::vector<Tensor> parameters_of(const std::vector<FlatSlot>& slots) {
  std::vector<Tensor> parameters;
  parameters.reserve(slots.size());
  for (const FlatSlot& slot : slots) parameters.push_back(slot.parameter);
  return parameters;
}

bool of_term(const FlatSlot& slot) { return slot.part == ParameterPart::term; }

/// [T, n] -> [T] float64.
Tensor norms_of_rows(const Tensor& rows) {
  return at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, /*keepdim=*/false, torch::kFloat64);
}

}  // namespace

TaskJacobian::TaskJacobian(StepLosses& losses, FlatParameters& parameters, Tensor word_table, TaskGradientSink& sink,
                           GradientMemory& memory)
    : losses_(losses), parameters_(parameters), word_table_(std::move(word_table)), sink_(sink), memory_(memory) {
  for (const FlatSlot& slot : parameters.slots()) {
    if (!slot.trains) continue;
    (slot.end <= parameters.shared_size() ? shared_slots_ : own_slots_).push_back(slot);
  }
  shared_ = parameters_of(shared_slots_);
  own_ = parameters_of(own_slots_);
}

std::shared_ptr<const GradientColumns> TaskJacobian::columns_in_use() const {
  if (!word_table_.defined()) return std::make_shared<GradientColumns>(shared_slots_);
  std::vector<Tensor> ids;
  for (const StepBatch& micro : losses_.micro_batches()) ids.push_back(micro.tokens.ids_on_host());
  const Tensor used = std::get<0>(at::_unique(at::cat(ids), /*sorted=*/true));
  return std::make_shared<GradientColumns>(shared_slots_, word_table_, ops::copied_to(used, word_table_.device()));
}

void TaskJacobian::start_own_rows() {
  own_rows_ = std::make_unique<GradientRows>(std::make_shared<GradientColumns>(own_slots_), losses_.size(),
                                             losses_.options(), own_memory_);
}

GradientRows& TaskJacobian::own_rows() {
  if (own_rows_ != nullptr) return *own_rows_;
  start_own_rows();
  for (std::size_t micro = 0; micro < losses_.micro_count(); ++micro) {
    add_own_rows(losses_.graph(micro));
    losses_.release_graph(micro);
  }
  return *own_rows_;
}

bool TaskJacobian::add_separately(const LossPass& pass, const std::vector<Tensor>& parameters,
                                  GradientRows& rows) const {
  bool complete = true;
  if (parameters.empty()) return complete;
  for (std::size_t k = 0; k < pass.losses.size(); ++k) {
    if (!pass.losses[k].requires_grad()) continue;
    const auto gradients = torch::autograd::grad({pass.losses[k]}, parameters, {}, /*retain_graph=*/true,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (!gradients[p].defined()) continue;
      complete = rows.add(static_cast<std::int64_t>(pass.places[k]), parameters[p], gradients[p]) && complete;
    }
  }
  return complete;
}

bool TaskJacobian::one_backward_suffices(const LossPass& pass) const {
  if (memory_.findings->two_paths || shared_.empty()) return false;
  // The sink knows the tasks of the micro-batch: each must have a loss, and its place in the step.
  bool in_order = pass.places.size() == losses_.tasks().size() && pass.places.size() == pass.forward->size();
  for (std::size_t k = 0; k < pass.places.size(); ++k) in_order = in_order && pass.places[k] == k;
  const bool any =
      std::any_of(pass.losses.begin(), pass.losses.end(), [](const Tensor& l) { return l.requires_grad(); });
  return pass.forward->segmented() && in_order && any;
}

TaskJacobian::OneBackward TaskJacobian::backward_once(const LossPass& pass, bool keep_graph) {
  Tensor sum = torch::zeros({}, losses_.options());
  for (const Tensor& loss : pass.losses) sum = sum + loss;
  const auto ordinary = torch::autograd::grad({sum}, shared_, {}, keep_graph, /*create_graph=*/false,
                                              /*allow_unused=*/true);
  OneBackward found;
  for (std::size_t p = 0; p < shared_.size(); ++p) {
    if (!ordinary[p].defined()) continue;
    found.not_taken.push_back(shared_[p]);
    if (sink_.took(shared_[p]) && found.on_two_paths.empty()) found.on_two_paths = parameters_.find(shared_[p])->name;
  }
  sink_.close_all();
  if (!found.on_two_paths.empty() && !memory_.findings->two_paths) {
    memory_.findings->two_paths = true;
    log::info("parameter \"" + found.on_two_paths +
              "\" is used with gradient segments and without: gradients of tasks take one backward pass per task");
  }
  return found;
}

/// Adds the tasks' gradients of the shared parameters over one micro-batch.
TaskJacobian::Filled TaskJacobian::add_pass(const LossPass& pass, GradientRows& rows) {
  std::vector<Tensor> left = shared_;
  if (one_backward_suffices(pass)) {
    sink_.collect(rows);
    OneBackward found = backward_once(pass, /*keep_graph=*/true);
    if (!found.on_two_paths.empty()) return Filled::on_two_paths;
    left = std::move(found.not_taken);
  }
  return add_separately(pass, left, rows) ? Filled::complete : Filled::columns_missing;
}

/// @param pass_of  the pass over a micro-batch, to be used before the next one is asked for
template <class PassOf>
TaskJacobian::Filled TaskJacobian::fill(GradientRows& rows, PassOf&& pass_of) {
  for (std::size_t micro = 0; micro < losses_.micro_count(); ++micro) {
    const Filled found = add_pass(pass_of(micro), rows);
    if (found != Filled::complete) return found;
  }
  return Filled::complete;
}

void TaskJacobian::compute(bool every_column) {
  if (computed()) return;
  Filled found = Filled::on_two_paths;
  while (found != Filled::complete) {
    const auto columns = every_column ? std::make_shared<const GradientColumns>(shared_slots_) : columns_in_use();
    auto rows = std::make_unique<GradientRows>(columns, losses_.size(), losses_.options(), memory_.rows);
    start_own_rows();
    found = fill(*rows, [&](std::size_t micro) -> const LossPass& {
      if (micro > 0) losses_.drop_graph(micro - 1);
      const LossPass& pass = losses_.graph(micro);
      add_own_rows(pass);
      return pass;
    });
    if (found == Filled::complete) rows_ = std::move(rows);
    // A term of a user's own may read the whole table; then every column counts.
    if (found == Filled::columns_missing) every_column = true;
  }
  losses_.release_graph(losses_.micro_count() - 1);
}

const Tensor& TaskJacobian::used_columns() {
  compute(/*every_column=*/false);
  return rows_->values();
}

Tensor TaskJacobian::whole() {
  compute(/*every_column=*/true);
  if (!whole_.defined()) whole_ = in_all_columns(*rows_);
  return whole_;
}

Tensor TaskJacobian::in_all_columns(GradientRows& rows) const {
  const std::int64_t shared = parameters_.shared_size();
  return rows.columns().size() == shared ? rows.values() : rows.columns().expanded(rows.values(), shared);
}

Tensor TaskJacobian::recomputed() {
  Tensor memory;
  LossPass pass;
  while (true) {
    GradientRows rows(std::make_shared<GradientColumns>(shared_slots_), losses_.size(), losses_.options(), memory);
    const Filled found = fill(rows, [&](std::size_t micro) -> const LossPass& {
      pass = {};  // one graph at a time
      return pass = losses_.fresh_graph(micro);
    });
    if (found == Filled::complete) return in_all_columns(rows);
  }
}

bool TaskJacobian::terms_own() const { return std::any_of(own_slots_.begin(), own_slots_.end(), of_term); }

Tensor TaskJacobian::model_norms() {
  const Tensor shared = norms_of_rows(used_columns());
  if (!terms_own()) return at::hypot(shared, norms_of_rows(own_rows().values()));
  Tensor norms = shared;
  for (const FlatSlot& slot : own_slots_) {
    if (!of_term(slot)) norms = at::hypot(norms, norms_of_rows(own_rows().of(slot.parameter)));
  }
  return norms;
}

void TaskJacobian::add_combination(const Tensor& weights, const Tensor& own_weights, const Tensor& term_weights) {
  rows_->add_combination(weights, parameters_.gradients());
  if (!term_weights.defined() || !terms_own()) {
    own_rows_->add_combination(own_weights, parameters_.gradients());
    return;
  }
  for (const FlatSlot& slot : own_slots_) {
    parameters_.gradient_at(slot.parameter)
        .addmv_(own_rows_->of(slot.parameter).t(), of_term(slot) ? term_weights : own_weights);
  }
}

}  // namespace infomtl

#include "infomtl/step/step_gradients.h"

#include <map>
#include <optional>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/ops/device_copy.h"
#include "step/gradient_memory.h"
#include "step/representation_gradients.h"
#include "step/step_losses.h"
#include "step/task_gram.h"
#include "step/task_jacobian.h"

namespace infomtl {
namespace {

/// Shared parameters moved by a shift for as long as this lives; then they are what they were, to the bit.
class Shifted {
 public:
  Shifted(const FlatParameters& parameters, const Tensor& shift)
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

struct StepGradients::Implementation {
  StepContext context;
  bool announces;  ///< whether the log is to say how Gram matrices are computed
  std::shared_ptr<TaskGradientSink> sink = std::make_shared<TaskGradientSink>();
  StepLosses losses;
  TaskJacobian jacobian;
  TaskGram products;  ///< the Gram matrix without a Jacobian
  RepresentationGradients representations;
  Tensor gram;
  std::map<std::size_t, std::unique_ptr<StepGradients>> independent;
  std::vector<std::function<Tensor()>> additions;
  bool applied = false;
  Tensor applied_weights, task_norms;

  Implementation(StepContext given, std::vector<StepBatch> micro_batches)
      : context(std::move(given)),
        announces(context.memory != nullptr),
        losses(context.forward, std::move(micro_batches), context.parameters->values().options(), sink),
        jacobian(losses, *context.parameters, context.forward.model->encoder().word_table(), *sink, memory()),
        products(losses, *context.parameters, jacobian, *sink, memory()),
        representations(losses, *context.parameters, jacobian) {}
  ~Implementation() { sink->forget(); }  // what it was handed may hold it in its turn
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  GradientMemory& memory() {
    if (context.memory == nullptr) context.memory = make_gradient_memory();
    return *context.memory;
  }
  const Tensor& gradients() const { return context.parameters->gradients(); }

  void require_shared() const {
    if (!jacobian.shared().empty()) return;
    throw ConfigError(
        "every shared parameter rests, but the weighting asks for the tasks' gradients of shared parameters");
  }

  void begin_apply() {
    if (applied) throw StateError("a weighting ended the same step twice");
    applied = true;
    if (!context.tells_products || gram.defined() || !jacobian.computed()) return;
    gram = products_of_rows();
  }

  /// [T, T] on the CPU: one copy.
  Tensor products_of_rows() {
    const Tensor sum = ops::zero_gram(jacobian.used_columns());
    ops::add_gram(jacobian.used_columns(), sum);
    return sum.to(torch::kCPU);
  }

  /// Weights as a weighting gave them: [T], of the losses' type and device.
  Tensor as_weights(const Tensor& given) const {
    if (given.numel() != losses.size()) {
      throw StateError("a weighting gave " + std::to_string(given.numel()) + " weights for " +
                       std::to_string(losses.size()) + " losses");
    }
    return ops::copied_to(given.detach().to(losses.options().dtype()), losses.options().device()).reshape({-1});
  }

  /// Whether heads have other weights. Numbers on a device are not read for that.
  bool apart(const Tensor& heads, const Tensor& given) const {
    if (heads.is_same(given)) return false;
    const auto type = losses.options().dtype();
    return !heads.is_cpu() || !given.is_cpu() || heads.numel() != given.numel() ||
           !at::equal(heads.detach().to(type).reshape({-1}), given.detach().to(type).reshape({-1}));
  }

  void refuse_with_task_clipping() const {
    if (context.task_clip_norm <= 0) return;
    throw ConfigError(
        "gradients are clipped per task, but the weighting ends a step by a direction of its own and not by weights; "
        "set \"training\": {\"clip\": \"total\"}");
  }

  /// [T] min(1, limit / norm) per task, 1 where there is no limit; computes the Jacobian where there is one. What terms own
  /// neither counts in a norm nor is scaled: it is clipped by a norm of its own (FlatParameters::clip_gradients).
  Tensor task_clip_factors() {
    if (context.task_clip_norm <= 0) return torch::ones({losses.size()}, losses.options());
    task_norms = jacobian.model_norms();
    return (context.task_clip_norm / (task_norms + 1e-6)).clamp_max(1.0).to(losses.options());
  }

  void add(const Tensor& shared_gradient) const {
    const Tensor place = gradients().narrow(0, 0, context.parameters->shared_size());
    place.add_(shared_gradient.detach().to(place.options()).reshape({-1}));
  }

  /// Adds sum_t w_t g_t by one ordinary backward pass per micro-batch, and the penalties' gradient with it.
  ///
  /// @param own_weights  for the tasks' own parameters, where they are others than `weights`; else undefined
  void backward(const Tensor& weights, const Tensor& own_weights) {
    const bool apart = own_weights.defined();
    if (apart) jacobian.start_own_rows();
    for (std::size_t micro = 0; micro < losses.micro_count(); ++micro) {
      LossPass& pass = losses.graph(micro);
      if (apart) jacobian.add_own_rows(pass);
      Tensor total = torch::zeros({}, losses.options());
      for (std::size_t k = 0; k < pass.losses.size(); ++k) {
        total = total + weights[static_cast<std::int64_t>(pass.places[k])] * pass.losses[k];
      }
      const Tensor penalty = losses.penalties(micro);
      if (penalty.defined()) {
        total = total + penalty;
        if (apart && penalty.requires_grad() && !jacobian.own().empty()) {
          torch::autograd::backward({penalty}, {}, /*retain_graph=*/true, /*create_graph=*/false, jacobian.own());
        }
      }
      if (total.requires_grad() && !(apart && jacobian.shared().empty())) {
        sink->accumulate(*context.parameters);
        torch::autograd::backward({total}, {}, /*retain_graph=*/false, /*create_graph=*/false,
                                  apart ? jacobian.shared() : std::vector<Tensor>{});
        sink->close_all();
      }
      losses.drop_graph(micro);
    }
    if (apart) jacobian.own_rows().add_combination(own_weights, gradients());
  }

  /// Adds the penalties' gradient by a backward pass of its own.
  void add_penalties() {
    if (!losses.has_penalties()) return;
    for (std::size_t micro = 0; micro < losses.micro_count(); ++micro) {
      const Tensor penalty = losses.penalties(micro);
      if (penalty.defined() && penalty.requires_grad()) {
        sink->accumulate(*context.parameters);
        torch::autograd::backward({penalty});
        sink->close_all();
      }
      losses.drop_graph(micro);
    }
  }

  void end() {
    losses.drop_graph();
    const torch::NoGradGuard no_grad;
    for (const auto& addition : std::exchange(additions, {})) add(addition());
  }
};

StepGradients::StepGradients(StepContext context, std::vector<StepBatch> micro_batches)
    : implementation_(std::make_unique<Implementation>(std::move(context), std::move(micro_batches))) {}

StepGradients::~StepGradients() = default;

const std::vector<std::size_t>& StepGradients::tasks() const { return implementation_->losses.tasks(); }
std::size_t StepGradients::task_count() const { return implementation_->context.forward.model->tasks().size(); }
std::int64_t StepGradients::step() const { return implementation_->context.forward.step; }
std::int64_t StepGradients::epoch() const { return implementation_->context.epoch; }
bool StepGradients::applied() const { return implementation_->applied; }
const Tensor& StepGradients::applied_weights() const { return implementation_->applied_weights; }
const Tensor& StepGradients::products() const { return implementation_->gram; }
const Tensor& StepGradients::task_norms() const { return implementation_->task_norms; }
const std::vector<StepBatch>& StepGradients::micro_batches() const { return implementation_->losses.micro_batches(); }
const std::vector<std::size_t>& StepGradients::tasks_with_rows() const {
  return implementation_->losses.tasks_with_rows();
}
const std::vector<std::vector<TermSum>>& StepGradients::terms() const { return implementation_->losses.terms(); }

RandomStream StepGradients::random() {
  const ForwardContext& forward = implementation_->context.forward;
  return RandomStream(derive_seed(forward.seed, "weighting", static_cast<std::uint64_t>(forward.step)));
}

Tensor StepGradients::losses() { return implementation_->losses.values(); }
Tensor StepGradients::reevaluate_losses() { return implementation_->losses.reevaluated(); }
Tensor StepGradients::jacobian() {
  implementation_->require_shared();
  return implementation_->jacobian.whole();
}

Tensor StepGradients::losses_at(const Tensor& shift) {
  losses();  // recorded where the parameters are now
  const Shifted shifted(*implementation_->context.parameters, shift);
  return reevaluate_losses();
}

Tensor StepGradients::jacobian_at(const Tensor& shift) {
  implementation_->require_shared();
  losses();
  const Shifted shifted(*implementation_->context.parameters, shift);
  return implementation_->jacobian.recomputed();
}

Tensor StepGradients::gram() {
  Implementation& self = *implementation_;
  if (self.gram.defined()) return self.gram;
  self.require_shared();
  const bool products_only = self.context.gram_only && !self.jacobian.computed() && self.products.compute();
  if (products_only) {
    self.gram = self.products.values();
  } else {
    self.gram = self.products_of_rows();
  }
  if (size() > 1 && self.announces && !std::exchange(self.memory().findings->announced, true)) {
    log::info("gradients of " + std::to_string(size()) + " tasks: " +
              (products_only
                   ? "their products only"
                   : "a Jacobian of " + std::to_string(self.jacobian.used_columns().nbytes() >> 20) + " MiB"));
  }
  return self.gram;
}

std::vector<Tensor> StepGradients::representation_gradients() { return implementation_->representations.gradients(); }
std::vector<Tensor> StepGradients::representations() { return implementation_->representations.values(); }

void StepGradients::apply_weights(const Tensor& weights, const Tensor& head_weights) {
  Implementation& self = *implementation_;
  self.begin_apply();
  const Tensor given = self.as_weights(weights);
  self.applied_weights = given;
  const bool apart = head_weights.defined() && self.apart(head_weights, weights);
  const Tensor factors = self.task_clip_factors();
  const Tensor w = given * factors;
  const Tensor own = apart ? self.as_weights(head_weights) : given;
  const Tensor heads = apart ? own * factors : w;
  if (self.jacobian.computed()) {
    self.jacobian.add_combination(w, heads, self.context.task_clip_norm > 0 ? own : Tensor());
    self.add_penalties();
  } else if (self.products.computed()) {
    self.products.add_combination(w, heads);
    self.add_penalties();
  } else {
    self.backward(w, apart ? heads : Tensor());
  }
  self.end();
}

void StepGradients::apply_direction(const Tensor& direction, const Tensor& head_weights) {
  Implementation& self = *implementation_;
  self.refuse_with_task_clipping();
  GradientRows& own_rows = self.jacobian.own_rows();
  self.begin_apply();
  if (direction.numel() != self.context.parameters->shared_size()) {
    throw StateError("a weighting gave a direction of " + std::to_string(direction.numel()) + " entries for " +
                     std::to_string(self.context.parameters->shared_size()) + " shared parameters");
  }
  self.add(direction);
  own_rows.add_combination(
      head_weights.defined() ? self.as_weights(head_weights) : torch::ones({self.losses.size()}, self.losses.options()),
      self.gradients());
  self.add_penalties();
  self.end();
}

void StepGradients::apply_representation_gradients(const std::vector<Tensor>& gradients) {
  Implementation& self = *implementation_;
  self.refuse_with_task_clipping();
  self.begin_apply();
  self.representations.send_back(gradients);
  self.add_penalties();
  self.end();
}

void StepGradients::apply_penalties() {
  Implementation& self = *implementation_;
  if (size() > 0) throw StateError("a step of tasks with losses was ended by its penalties alone");
  self.begin_apply();
  self.add_penalties();
  self.end();
}

void StepGradients::add_after(std::function<Tensor()> gradient) {
  if (implementation_->applied) {
    implementation_->add(gradient());
  } else {
    implementation_->additions.push_back(std::move(gradient));
  }
}

TaskGradients& StepGradients::independent(std::size_t index) {
  Implementation& self = *implementation_;
  std::unique_ptr<StepGradients>& found = self.independent[index];
  if (found == nullptr) {
    if (!self.context.independent) {
      throw StateError("this step has no independent batches: it was given a batch by hand");
    }
    StepContext context = self.context;
    context.forward.independent = static_cast<std::int64_t>(index) + 1;
    context.forward.records = false;
    context.memory = make_gradient_memory();
    context.memory->findings = self.memory().findings;
    found = std::make_unique<StepGradients>(std::move(context), self.context.independent(index));
    found->implementation_->announces = false;
  }
  return *found;
}

}  // namespace infomtl

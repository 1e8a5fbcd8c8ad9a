#include "infomtl/model/multi_task_model.h"

#include <algorithm>
#include <unordered_set>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

// Matrices before vectors, else in order of registration: the weights of queries, keys and values of a layer become
// neighbours, and so do all parameters without weight decay.
void append_ordered(NamedParameters& to, NamedParameters parameters) {
  std::stable_partition(parameters.begin(), parameters.end(),
                        [](const NamedParameter& named) { return named.parameter.dim() >= 2; });
  to.insert(to.end(), parameters.begin(), parameters.end());
}

std::unordered_set<const at::TensorImpl*> shared_of(Architecture& architecture) {
  std::unordered_set<const at::TensorImpl*> shared;
  for (const Tensor& parameter : architecture.shared_parameters()) shared.insert(parameter.unsafeGetTensorImpl());
  return shared;
}

/// Heads that take weights, and an architecture that makes some, go together.
void check_weights(Architecture& architecture, const std::vector<std::shared_ptr<Head>>& heads,
                   const std::vector<Task>& tasks) {
  const torch::NoGradGuard no_grad;
  bool proposed = false, taken = false;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const bool has_some = architecture.head_weights(t).has_value();
    proposed = proposed || has_some;
    taken = taken || heads[t]->takes_weights();
    if (has_some || !heads[t]->takes_weights()) continue;
    throw ConfigError("head of task \"" + tasks[t].name +
                      "\": its weights are to be generated, but the architecture generates none; set \"architecture\": "
                      "{\"name\": \"variational\", \"amortized\": true}, or \"weights\": \"own\"");
  }
  if (!proposed || taken) return;
  throw ConfigError(
      "the architecture generates weights for heads (\"amortized\": true), and no head takes them; set \"head\": "
      "{\"name\": \"bayesian\", \"weights\": \"generated\"}, or \"amortized\": false");
}

std::vector<std::shared_ptr<Head>> made(const TaskHeads& heads, std::int64_t width, std::uint64_t seed) {
  if (heads.heads.size() != heads.tasks.size()) {
    throw StateError("model: " + std::to_string(heads.heads.size()) + " heads for " +
                     std::to_string(heads.tasks.size()) + " tasks");
  }
  std::vector<std::shared_ptr<Head>> result;
  for (std::size_t t = 0; t < heads.tasks.size(); ++t) {
    const Task& task = heads.tasks[t];
    const HeadContext context{
        .width = width, .task = &task, .seed = derive_seed(seed, "head/" + task.name), .tasks = &heads.tasks};
    try {
      result.push_back(heads.heads[t](context));
    } catch (const c10::Error& error) {  // of a user's head: LibTorch's words, without its backtrace
      throw StateError("head of task \"" + task.name + "\": " + error.what_without_backtrace());
    }
  }
  return result;
}

}  // namespace

MultiTaskModel::MultiTaskModel(std::shared_ptr<Encoder> encoder, std::shared_ptr<Architecture> architecture,
                               std::vector<std::shared_ptr<Head>> heads, std::vector<Task> tasks, Pooling pooling)
    : encoder_(std::move(encoder)),
      architecture_(std::move(architecture)),
      heads_(std::move(heads)),
      tasks_(std::move(tasks)),
      pooling_(pooling) {
  if (heads_.size() != tasks_.size()) {
    throw StateError("model: " + std::to_string(heads_.size()) + " heads for " + std::to_string(tasks_.size()) +
                     " tasks");
  }
  register_module("encoder", encoder_);
  register_module("architecture", architecture_);
  const auto all_heads = register_module("heads", std::make_shared<torch::nn::Module>("heads"));
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    const std::string& name = tasks_[t].name;
    if (name.empty() || name.find('.') != std::string::npos) {
      throw StateError("model: \"" + name + "\" cannot be a task's name (empty, or with a dot)");
    }
    if (all_heads->named_children().contains(name)) throw StateError("model: two tasks are named \"" + name + "\"");
    all_heads->register_module(name, heads_[t]);
  }
}

MultiTaskModel::MultiTaskModel(std::shared_ptr<Encoder> encoder, const TaskHeads& heads,
                               const ArchitectureFactory& architecture, Pooling pooling, std::uint64_t seed)
    : MultiTaskModel(encoder,
                     architecture({.width = encoder->width(),
                                   .layers = encoder->layer_count(),
                                   .tasks = heads.tasks,
                                   .seed = derive_seed(seed, "architecture"),
                                   .embedding_width = encoder->embedding_width()}),
                     heads, pooling, seed) {}

MultiTaskModel::MultiTaskModel(std::shared_ptr<Encoder> encoder, std::shared_ptr<Architecture> architecture,
                               const TaskHeads& heads, Pooling pooling, std::uint64_t seed)
    : MultiTaskModel(std::move(encoder), architecture, made(heads, architecture->width(), seed), heads.tasks, pooling) {
  head_factories_ = heads.heads;
  check_weights(*architecture_, heads_, tasks_);
}

std::shared_ptr<Head> MultiTaskModel::new_head(std::size_t task, std::uint64_t seed) const {
  if (head_factories_.empty()) throw StateError("model: it was given its heads, and does not know how to make others");
  return head_factories_.at(task)(
      {.width = architecture_->width(), .task = &tasks_.at(task), .seed = seed, .tasks = &tasks_});
}

std::optional<WeightPosterior> MultiTaskModel::weight_posterior(std::size_t task) const {
  std::optional<WeightPosterior> found = head(task).weight_posterior();
  return found.has_value() ? found : architecture_->head_weights(task);
}

NamedParameters MultiTaskModel::shared_parameters() const {
  NamedParameters encoder, architecture, result;
  for (const auto& entry : encoder_->named_parameters()) {
    encoder.push_back({"encoder." + entry.key(), entry.value(), ParameterPart::encoder});
  }
  const auto shared = shared_of(*architecture_);
  for (const auto& entry : architecture_->named_parameters()) {
    if (shared.contains(entry.value().unsafeGetTensorImpl())) {
      architecture.push_back({"architecture." + entry.key(), entry.value(), ParameterPart::shared});
    }
  }
  append_ordered(result, std::move(encoder));
  append_ordered(result, std::move(architecture));
  return result;
}

NamedParameters MultiTaskModel::task_parameters() const {
  NamedParameters own;
  const auto shared = shared_of(*architecture_);
  for (const auto& entry : architecture_->named_parameters()) {
    if (!shared.contains(entry.value().unsafeGetTensorImpl())) {
      own.push_back({"architecture." + entry.key(), entry.value(), ParameterPart::task});
    }
  }
  for (std::size_t t = 0; t < heads_.size(); ++t) {
    for (const auto& entry : heads_[t]->named_parameters()) {
      own.push_back({"heads." + tasks_[t].name + "." + entry.key(), entry.value(), ParameterPart::task});
    }
  }
  return own;
}

}  // namespace infomtl

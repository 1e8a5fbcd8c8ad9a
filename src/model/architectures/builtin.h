#pragma once
// What the built-in architectures share: small networks behind the encoder, gates over them, adapters. Each
// architecture lives in a file of its own that ends with the function that registers it; architecture_registry.cpp is
// the list.
//
// Letters: B rows, H width of the encoder, D of the result, E experts, T tasks.

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/model/architectures.h"
#include "model/dense_net.h"

namespace infomtl::architectures {

using Nets = std::vector<std::shared_ptr<DenseNet>>;

/// An expert's network on inputs of that width.
DenseNet::Shape expert_shape(const ExpertSettings& settings, std::int64_t inputs);

/// `count` networks as children "<name>.0", "<name>.1", ... of `owner`.
Nets add_nets(torch::nn::Module& owner, const std::string& name, std::size_t count, const DenseNet::Shape& shape,
              std::uint64_t seed);
/// One softmax gate per task, each a linear map H -> E, as children "<name>.<task>".
Nets add_gates(torch::nn::Module& owner, const std::string& name, std::size_t tasks, std::int64_t inputs,
               std::int64_t experts, std::uint64_t seed);
void append_outputs(std::vector<Tensor>& outputs, const Nets& nets, const Tensor& x, ops::TensorRandom* noise);
void append_parameters(std::vector<Tensor>& parameters, const Nets& nets);

/// softmax(gate(x)), [B, E].
Tensor gate_weights(const DenseNet& gate, const Tensor& x);
/// sum_e weights[b, e] outputs_e[b]: [B, D] from weights [B, E] and E outputs [B, D].
Tensor mix(const Tensor& weights, const std::vector<Tensor>& outputs);

/// [T, T] cosines between the tasks' gates, each a linear map into the space of all experts with the part that softmax
/// does not see (the mean over experts) taken out. The first `shared` outputs of every gate are experts of all tasks,
/// the others belong to the task alone and resemble nothing of another task.
Tensor gate_similarity(const Nets& gates, std::int64_t shared);

/// T branches of adapters x + net(x), names "adapters.<level>.<task>.*", and between two levels a vector [T] a task of
/// how much it takes of each branch, "<links>.<level>.<task>" (level 1 and up).
class Branches final {
 public:
  Branches(torch::nn::Module& owner, const AdapterSettings& settings, const ArchitectureContext& shape,
           const std::string& links);

  Tensor adapt(std::size_t level, std::size_t task, const Tensor& x, ops::TensorRandom* noise) const;
  std::size_t levels() const { return adapters_.size(); }
  std::size_t tasks() const { return adapters_.front().size(); }
  /// The link of a task into `level` >= 1, a parameter [T], zeros at first.
  const Tensor& link(std::size_t level, std::size_t task) const { return links_.at(level - 1).at(task); }
  std::vector<Tensor> parameters() const;

  /// The last level's output of `task` on x [B, H]. `taken(level, s)` gives the weights [T] of what task s takes of
  /// the branches before `level`.
  template <class Taken>
  Tensor forward(std::size_t task, const Tensor& x, ops::TensorRandom* noise, const Taken& taken) const;

 private:
  std::vector<Nets> adapters_;
  std::vector<std::vector<Tensor>> links_;
};

template <class Taken>
Tensor Branches::forward(std::size_t task, const Tensor& x, ops::TensorRandom* noise, const Taken& taken) const {
  std::vector<Tensor> states(tasks(), x);
  for (std::size_t level = 0; level < levels(); ++level) {
    const bool last = level + 1 == levels();
    const Tensor before = level == 0 ? Tensor() : at::stack(states, -1);  // [B, H, T]
    for (std::size_t s = 0; s < tasks(); ++s) {
      if (last && s != task) continue;
      const Tensor input = level == 0 ? x : at::matmul(before, taken(level, s));
      states[s] = adapt(level, s, input, noise);
    }
  }
  return states.at(task);
}

/// The factory of an architecture from code; settings are checked as a config's are.
template <class Class>
ArchitectureFactory made_by(const char* name, typename Class::Settings settings) {
  check_fields(settings, std::string("architecture \"") + name + "\"");
  return [settings, text = config_text(name, settings)](const ArchitectureContext& shape) {
    auto made = std::make_shared<Class>(settings, shape);
    made->set_made_as(text);
    return made;
  };
}

}  // namespace infomtl::architectures

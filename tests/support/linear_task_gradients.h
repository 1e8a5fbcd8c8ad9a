#pragma once
// A gradient problem with known answers: shared parameters theta [P], task t's loss is given, its gradient is row t of
// G.

#include <torch/types.h>

#include <numeric>

#include "infomtl/weighting/task_gradients.h"

namespace infomtl::testing {

class LinearTaskGradients : public TaskGradients {
 public:
  LinearTaskGradients(torch::Tensor losses, torch::Tensor jacobian, std::size_t task_count = 0, std::uint64_t seed = 0)
      : losses_(std::move(losses)), jacobian_(std::move(jacobian)), seed_(seed) {
    tasks_.resize(static_cast<std::size_t>(losses_.size(0)));
    std::iota(tasks_.begin(), tasks_.end(), std::size_t{0});
    task_count_ = task_count == 0 ? tasks_.size() : task_count;
  }

  void set_tasks(std::vector<std::size_t> tasks) { tasks_ = std::move(tasks); }
  void set_step(std::int64_t step, std::int64_t epoch = 0) { step_ = step, epoch_ = epoch; }
  void set_losses(torch::Tensor losses) { losses_ = std::move(losses); }
  void set_losses_after(torch::Tensor losses) { losses_after_ = std::move(losses); }
  void add_independent(LinearTaskGradients& other) { others_.push_back(&other); }
  void set_representations(std::vector<torch::Tensor> values, std::vector<torch::Tensor> gradients) {
    representations_ = std::move(values), representation_gradients_ = std::move(gradients);
  }

  /// What the weighting wrote: the gradient of the shared parameters [P], the weights [T] it came from (undefined where
  /// it was given as such) and the factor of each head's gradient [T].
  torch::Tensor direction, weights, head_weights;
  std::vector<torch::Tensor> applied_representation_gradients, additions;
  int applied = 0;
  int jacobian_calls = 0, gramian_calls = 0, independent_calls = 0;

  const std::vector<std::size_t>& tasks() const override { return tasks_; }
  std::size_t task_count() const override { return task_count_; }
  torch::Tensor losses() override { return losses_; }
  torch::Tensor jacobian() override {
    ++jacobian_calls;
    return jacobian_;
  }
  torch::Tensor gram() override {
    ++gramian_calls;
    const torch::Tensor g = jacobian_.to(torch::kFloat64);
    return g.matmul(g.t());
  }
  std::vector<torch::Tensor> representation_gradients() override { return representation_gradients_; }
  std::vector<torch::Tensor> representations() override { return representations_; }
  void apply_weights(const torch::Tensor& given, const torch::Tensor& heads) override {
    weights = given;
    apply_direction(jacobian_.t().matmul(given.to(jacobian_.dtype())), heads.defined() ? heads : given);
  }
  void apply_direction(const torch::Tensor& d, const torch::Tensor& heads) override {
    ++applied;
    direction = d;
    head_weights = heads.defined() ? heads : torch::ones({losses_.size(0)});
  }
  void apply_representation_gradients(const std::vector<torch::Tensor>& gradients) override {
    ++applied;
    applied_representation_gradients = gradients;
  }
  void add_after(std::function<torch::Tensor()> gradient) override { additions.push_back(gradient()); }
  TaskGradients& independent(std::size_t index) override {
    ++independent_calls;
    return *others_.at(index);
  }
  torch::Tensor reevaluate_losses() override { return losses_after_.defined() ? losses_after_ : losses_; }
  /// The loss is linear: L(theta + shift) = L + G shift.
  torch::Tensor losses_at(const torch::Tensor& shift) override {
    return losses_ + jacobian_.matmul(shift.to(jacobian_.dtype())).to(losses_.dtype());
  }
  torch::Tensor jacobian_at(const torch::Tensor& /*shift*/) override { return jacobian_; }
  RandomStream random() override {
    return RandomStream(derive_seed(seed_, "weighting", static_cast<std::uint64_t>(step_)));
  }
  std::int64_t step() const override { return step_; }
  std::int64_t epoch() const override { return epoch_; }

 private:
  torch::Tensor losses_, losses_after_, jacobian_;
  std::vector<torch::Tensor> representations_, representation_gradients_;
  std::vector<std::size_t> tasks_;
  std::vector<LinearTaskGradients*> others_;
  std::size_t task_count_ = 0;
  std::uint64_t seed_;
  std::int64_t step_ = 0, epoch_ = 0;
};

}  // namespace infomtl::testing

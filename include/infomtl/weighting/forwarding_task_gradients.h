#pragma once
// Forwarding task gradients: passes every question on to other task gradients. A weighting that wraps another one
// derives from it and overrides what the inner one is to see otherwise.
//
//   class Doubled final : public ForwardingTaskGradients {
//    public:
//     using ForwardingTaskGradients::ForwardingTaskGradients;
//     void apply_weights(const torch::Tensor& w, const torch::Tensor& heads) override { inner().apply_weights(2 * w, heads); }
//   };

#include <utility>
#include <vector>

#include "infomtl/weighting/task_gradients.h"

namespace infomtl {

class ForwardingTaskGradients : public TaskGradients {
 public:
  /// @param inner  kept by reference
  explicit ForwardingTaskGradients(TaskGradients& inner) : inner_(inner) {}

  const std::vector<std::size_t>& tasks() const override { return inner_.tasks(); }
  std::size_t task_count() const override { return inner_.task_count(); }
  torch::Tensor losses() override { return inner_.losses(); }
  torch::Tensor jacobian() override { return inner_.jacobian(); }
  torch::Tensor gram() override { return inner_.gram(); }
  std::vector<torch::Tensor> representation_gradients() override { return inner_.representation_gradients(); }
  std::vector<torch::Tensor> representations() override { return inner_.representations(); }
  void apply_weights(const torch::Tensor& weights, const torch::Tensor& head_weights) override {
    inner_.apply_weights(weights, head_weights);
  }
  void apply_direction(const torch::Tensor& direction, const torch::Tensor& head_weights) override {
    inner_.apply_direction(direction, head_weights);
  }
  void apply_representation_gradients(const std::vector<torch::Tensor>& gradients) override {
    inner_.apply_representation_gradients(gradients);
  }
  void add_after(std::function<torch::Tensor()> gradient) override { inner_.add_after(std::move(gradient)); }
  TaskGradients& independent(std::size_t index) override { return inner_.independent(index); }
  torch::Tensor reevaluate_losses() override { return inner_.reevaluate_losses(); }
  torch::Tensor losses_at(const torch::Tensor& shift) override { return inner_.losses_at(shift); }
  torch::Tensor jacobian_at(const torch::Tensor& shift) override { return inner_.jacobian_at(shift); }
  RandomStream random() override { return inner_.random(); }
  std::int64_t step() const override { return inner_.step(); }
  std::int64_t epoch() const override { return inner_.epoch(); }

 protected:
  TaskGradients& inner() const { return inner_; }

 private:
  TaskGradients& inner_;
};

}  // namespace infomtl

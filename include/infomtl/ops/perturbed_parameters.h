#pragma once
// Perturbed parameters: tensors moved for as long as this lives; then they are what they were, to the bit. Graphs that
// were built before stay valid, since they are differentiated after; a graph built meanwhile must be used up meanwhile.

#include <torch/types.h>

#include <utility>
#include <vector>

namespace infomtl::ops {

class PerturbedParameters {
 public:
  explicit PerturbedParameters(std::vector<torch::Tensor> parameters) : parameters_(std::move(parameters)) {
    for (const torch::Tensor& parameter : parameters_) kept_.push_back(parameter.detach().clone());
  }
  ~PerturbedParameters() {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < kept_.size(); ++i) parameters_[i].variable_data().copy_(kept_[i]);
  }
  PerturbedParameters(const PerturbedParameters&) = delete;
  PerturbedParameters& operator=(const PerturbedParameters&) = delete;

  /// Parameters become their first values plus the offsets; an undefined offset is none.
  void move_by(const std::vector<torch::Tensor>& offsets) {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      // variable_data() shares the values but not the version: a graph that saved the parameter does not object.
      if (offsets[i].defined()) parameters_[i].variable_data().copy_(kept_[i] + offsets[i]);
    }
  }

 private:
  std::vector<torch::Tensor> parameters_, kept_;
};

}  // namespace infomtl::ops

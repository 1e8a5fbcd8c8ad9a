#pragma once
// A loss term made of a function.

#include <functional>
#include <utility>

#include "infomtl/losses/loss_term.h"

namespace infomtl::testing {

/// A term whose sum is `sum` of a row's output.
class GivenTerm final : public LossTerm {
 public:
  explicit GivenTerm(std::function<Tensor(TaskStep&)> sum) : sum_(std::move(sum)) {}
  LossValue compute(TaskStep& step) override {
    return {sum_(step), torch::tensor(static_cast<float>(step.prediction().output.size(0)))};
  }

 private:
  std::function<Tensor(TaskStep&)> sum_;
};

}  // namespace infomtl::testing

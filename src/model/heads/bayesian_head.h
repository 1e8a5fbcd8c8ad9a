#pragma once
#include "infomtl/model/heads.h"
#include "model/bayesian_linear.h"

namespace infomtl {

/// Bayesian head: outputs W z + b with W Gaussian, entry by entry. By local reparameterisation the output of a row is
///   N( z M^T + b, (z*z) V^T )      (+ the variance of a Gaussian bias)
/// one draw of it per row in training, which has the law of a draw of all weights for the row; the mean in evaluation.
/// Prediction::mean and log_variance are those of the outputs: terms for gaussian heads see the posterior of the logits.
class BayesianHead final : public Head {
 public:
  using Settings = BayesianHeadSettings;
  BayesianHead(const Settings& settings, const HeadContext& shape);

  /// @throws StateError where weights are to be generated and none are given
  Prediction forward(const HeadInput& input) override;
  bool gaussian() const override { return true; }
  bool takes_weights() const override { return weights_ == nullptr; }
  /// Of own weights.
  std::optional<WeightPosterior> weight_posterior() const override;

 private:
  std::shared_ptr<BayesianLinear> weights_;  // null where they are generated
  Tensor bias_;                              // undefined without
};

}  // namespace infomtl

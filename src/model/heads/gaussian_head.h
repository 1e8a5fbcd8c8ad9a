#pragma once
#include "infomtl/model/heads.h"
#include "model/dense_net.h"

namespace infomtl {

/// Gaussian head: q(z_t | z) = N(mean(z), diag exp(log_variance(z))) in the space of the outputs.
///
/// Training:   output = mean + exp(log_variance / 2) * noise, noise ~ N(0, I)     (Hu et al., AAAI 2025)
/// Evaluation: output = mean
class GaussianHead final : public Head {
 public:
  using Settings = GaussianHeadSettings;
  /// @throws ConfigError when log_variance_low is above log_variance_high
  GaussianHead(const Settings& settings, const HeadContext& shape);

  Prediction forward(const HeadInput& input) override;
  bool gaussian() const override { return true; }

 private:
  Settings settings_;
  std::shared_ptr<DenseNet> mean_, log_variance_;
};

}  // namespace infomtl

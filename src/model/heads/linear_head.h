#pragma once
#include "infomtl/model/heads.h"
#include "model/dense_net.h"

namespace infomtl {

/// Deterministic head: representation -> logits or value, for every kind of label.
class LinearHead final : public Head {
 public:
  using Settings = LinearHeadSettings;
  LinearHead(const Settings& settings, const HeadContext& shape);

  Prediction forward(const HeadInput& input) override;

 private:
  bool relu_input_;
  std::shared_ptr<DenseNet> net_;
};

}  // namespace infomtl

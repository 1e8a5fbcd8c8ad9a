#pragma once
#include "infomtl/model/head.h"
#include "model/dense_net.h"

namespace infomtl {

/// Deterministic head: representation -> logits or value, for every kind of label.
class LinearHead final : public Head {
 public:
  struct Settings {
    std::int64_t hidden = 0;
    std::string activation = "relu";
    double dropout = 0.0;
    bool relu_input = false;
    void fields(FieldVisitor& f);
  };
  LinearHead(const Settings& settings, const HeadContext& shape);

  Prediction forward(const HeadInput& input) override;

 private:
  bool relu_input_;
  std::shared_ptr<DenseNet> net_;
};

}  // namespace infomtl

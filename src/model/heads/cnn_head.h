#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "infomtl/model/heads.h"
#include "infomtl/ops/dense_net.h"
#include "model/dense_net.h"

namespace infomtl {

/// Convolutional head (Kim, EMNLP 2014, arXiv:1408.5882): y = W [max_i relu(conv_w(x)_i) for each width w] + b over the token
/// states x of a text, dropout before W. For single texts and pairs, not for words.
class CnnHead final : public Head {
 public:
  using Settings = CnnHeadSettings;
  /// The width of token states is that of the representation, which an architecture must leave as the encoder's.
  /// @throws ConfigError for a tagging task, and for widths that are no whole numbers or alike
  CnnHead(const Settings& settings, const HeadContext& shape);

  /// @throws ConfigError where no token states are given, or of another width
  Prediction forward(const HeadInput& input) override;
  bool reads_token_states() const override { return true; }

 private:
  std::int64_t width_;  // H
  std::vector<std::int64_t> widths_;
  std::vector<ops::DenseLayer> convolutions_;  // per width, weight [F, w H]
  std::shared_ptr<DenseNet> output_;
};

}  // namespace infomtl

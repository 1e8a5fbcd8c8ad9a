#pragma once
// Small net: the layers that critics, baselines and priors of this room learn with, ReLU between them.

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/ops/information/critics.h"

namespace infomtl {

/// Weights and biases of layers widths[0] -> widths[1] -> ..., uniform in +-1/sqrt(inputs of the layer) as
/// torch.nn.Linear draws them, registered with `owner` as <name>_0_weight, <name>_0_bias, <name>_1_weight, ...
std::vector<ops::DenseLayer> add_layers(torch::nn::Module& owner, const std::string& name,
                                        const std::vector<std::int64_t>& widths, std::uint64_t seed);

/// x [B, widths.front()] -> [B, widths.back()]; arithmetic in x's type.
torch::Tensor apply_layers(const std::vector<ops::DenseLayer>& layers, torch::Tensor x);

}  // namespace infomtl

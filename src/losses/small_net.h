#pragma once
// Small net: the layers that critics, baselines and priors of this room learn with, as parameters of a module.

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/ops/dense_net.h"

namespace infomtl {

/// Layers widths[0] -> widths[1] -> ... as ops::draw_dense_layer() draws them, registered with `owner` as
/// <name>_0_weight, <name>_0_bias, <name>_1_weight, ... @throws StateError for a width below 1
std::vector<ops::DenseLayer> add_layers(torch::nn::Module& owner, const std::string& name,
                                        const std::vector<std::int64_t>& widths, std::uint64_t seed);

}  // namespace infomtl

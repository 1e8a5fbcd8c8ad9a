#include "losses/small_net.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl {

std::vector<ops::DenseLayer> add_layers(torch::nn::Module& owner, const std::string& name,
                                        const std::vector<std::int64_t>& widths, std::uint64_t seed) {
  std::vector<ops::DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    if (widths[i] < 1) throw StateError("a net without inputs: the term was built without its TermContext");
    const double bound = 1.0 / std::sqrt(static_cast<double>(widths[i]));
    const auto draw = [&](const char* kind, at::IntArrayRef shape) {
      const std::string full = name + "_" + std::to_string(i) + "_" + kind;
      ops::TensorRandom random(derive_seed(seed, full));
      return owner.register_parameter(full, at::empty(shape).uniform_(-bound, bound, random.generator()));
    };
    const torch::Tensor weight = draw("weight", {widths[i + 1], widths[i]});
    layers.push_back({weight, draw("bias", {widths[i + 1]})});
  }
  return layers;
}

torch::Tensor apply_layers(const std::vector<ops::DenseLayer>& layers, torch::Tensor x) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    x = at::linear(i == 0 ? x : x.relu(), layers[i].weight.to(x.scalar_type()), layers[i].bias.to(x.scalar_type()));
  }
  return x;
}

}  // namespace infomtl

#include "infomtl/model/encoder.h"

#include <ATen/ATen.h>

#include "infomtl/core/random.h"

namespace infomtl {

bool Encoder::owns(std::string_view name) const {
  if (name.ends_with("position_ids") || name.ends_with("token_type_ids")) return false;
  const std::string root(name.substr(0, name.find('.')));
  return named_children().contains(root) || named_parameters(/*recurse=*/false).contains(root);
}

void Encoder::initialize(std::uint64_t seed) {
  const auto range = config().find("initializer_range");
  initialize_transformer(*this, range != config().end() && range->is_number() ? range->get<double>() : 0.02, seed);
}

void initialize_transformer(torch::nn::Module& module, double deviation, std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  for (auto& entry : module.named_parameters()) {
    Tensor& parameter = entry.value();
    if (parameter.dim() >= 2) {
      ops::TensorRandom random(derive_seed(seed, "initial/" + entry.key()));
      parameter.copy_(at::randn(parameter.sizes(), random.generator(), torch::kFloat32) * deviation);
    } else {
      parameter.fill_(entry.key().ends_with("weight") ? 1.0 : 0.0);
    }
  }
}

}  // namespace infomtl

#include "losses/small_net.h"

#include "infomtl/core/errors.h"

namespace infomtl {

std::vector<ops::DenseLayer> add_layers(torch::nn::Module& owner, const std::string& name,
                                        const std::vector<std::int64_t>& widths, std::uint64_t seed) {
  std::vector<ops::DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    if (widths[i] < 1) throw StateError("a net without inputs: the term was built without its TermContext");
    const std::string prefix = name + "_" + std::to_string(i) + "_";
    const ops::DenseLayer drawn = ops::draw_dense_layer(widths[i], widths[i + 1], seed, prefix);
    layers.push_back({owner.register_parameter(prefix + "weight", drawn.weight),
                      owner.register_parameter(prefix + "bias", drawn.bias)});
  }
  return layers;
}

}  // namespace infomtl

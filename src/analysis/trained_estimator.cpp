#include "analysis/trained_estimator.h"

namespace infomtl::analysis {

std::vector<ops::DenseLayer> TrainedEstimator::add_net(const std::string& name,
                                                       const std::vector<std::int64_t>& widths) {
  std::vector<ops::DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const std::string prefix = name + "." + std::to_string(i) + ".";
    ops::DenseLayer layer = ops::draw_dense_layer(widths[i], widths[i + 1], settings_.seed, prefix);
    parameters_.push_back({prefix + "weight", layer.weight.requires_grad_(true)});
    parameters_.push_back({prefix + "bias", layer.bias.requires_grad_(true)});
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace infomtl::analysis

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void MtanSettings::fields(FieldVisitor& f) {
  f.field("hidden", hidden, "width of the hidden layer of a mask's net, 0 for none", width_from(0));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layer");
  f.only_where(hidden > 0, {"activation"}, "\"hidden\" is above 0");
}

/// MTAN on the layers of the encoder: a task picks, coordinate by coordinate, from the pooled state of each layer,
/// z_t = sum_l m_tl * z_l with m_tl = sigmoid(net_tl(z_l)). The encoder is what tasks share; masks are each task's own.
/// Words of a tagging task come with their last layer only, so they pass the last mask alone.
class Mtan final : public Architecture {
 public:
  using Settings = MtanSettings;
  Mtan(const Settings& settings, const ArchitectureContext& shape) : width_(shape.width), layers_(shape.layers) {
    if (shape.layers < 1) throw ConfigError("architecture \"mtan\": the encoder has no layers to attend to");
    const auto group = register_module("masks", std::make_shared<torch::nn::Module>("masks"));
    const DenseNet::Shape net{.inputs = shape.width,
                              .hidden = settings.hidden,
                              .outputs = shape.width,
                              .activation = ops::activation_of_name(settings.activation)};
    for (std::size_t t = 0; t < shape.tasks.size(); ++t) {
      masks_.push_back(add_nets(*group, std::to_string(t), static_cast<std::size_t>(shape.layers), net,
                                derive_seed(shape.seed, "masks", t)));
    }
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom*) override {
    const Nets& masks = masks_.at(task);
    const auto masked = [&](std::size_t layer, const Tensor& state) {
      return at::sigmoid(masks[layer]->forward(state, nullptr)) * state;
    };
    TaskRepresentation result;
    if (!rows.layers.defined()) {
      result.value = masked(masks.size() - 1, rows.pooled);
      return result;
    }
    if (rows.layers.dim() != 3 || rows.layers.size(1) != layers_ + 1) {
      throw ShapeError("architecture \"mtan\": states of " + std::to_string(layers_) + " layers and the embeddings, " +
                       "[B, " + std::to_string(layers_ + 1) + ", " + std::to_string(width_) + "], are needed");
    }
    for (std::size_t layer = 0; layer < masks.size(); ++layer) {
      const Tensor part = masked(layer, rows.layers.select(1, static_cast<std::int64_t>(layer) + 1));
      result.value = layer == 0 ? part : result.value + part;
    }
    return result;
  }
  std::int64_t width() const override { return width_; }
  bool needs_layers() const override { return true; }

 private:
  std::int64_t width_, layers_;
  std::vector<Nets> masks_;
};

ArchitectureFactory mtan(MtanSettings settings) { return made_by<Mtan>("mtan", std::move(settings)); }

void register_mtan(ArchitectureRegistry& registry) {
  registry.add<Mtan>("mtan", "attention masks a task over the states of all layers", "Liu, Johns, Davison, CVPR 2019");
}

}  // namespace infomtl::architectures

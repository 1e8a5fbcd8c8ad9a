// A plugin with an encoder of another design than those inside: rotary positions instead of a position table (Su et al.,
// arXiv:2104.09864) and pre-norm layers (Xiong et al., ICML 2020).

#include <ATen/ATen.h>

#include "infomtl/core/config.h"
#include "infomtl/model/transformer_encoder.h"
#include "infomtl/ops/packed/dropout.h"
#include "infomtl/plugin/plugin.h"

namespace {

using namespace infomtl;

EncoderSizes read_sizes(const Config& config) {
  EncoderSizes sizes;
  sizes.vocab = config.integer("vocab_size", at_least(1));
  sizes.width = sizes.embedding_width = config.integer("hidden_size", at_least(2));
  sizes.layers = config.integer("num_hidden_layers", between(1, 1024));
  sizes.heads = config.integer("num_attention_heads", at_least(1));
  sizes.inner = config.integer("intermediate_size", at_least(1));
  sizes.positions = config.integer("max_position_embeddings", at_least(1));
  sizes.hidden_dropout = config.number("hidden_dropout_prob", 0.1, from_to_below(0.0, 1.0));
  sizes.attention_dropout = config.number("attention_probs_dropout_prob", 0.1, from_to_below(0.0, 1.0));
  sizes.initializer_range = config.number("initializer_range", 0.02, at_least(0.0));
  if (sizes.width % (2 * sizes.heads) != 0) config.fail("hidden_size", "not a multiple of twice num_attention_heads");
  return sizes;
}

/// Turns the pairs (x_d, x_{d + D/2}) of every head by the angle position * theta^(-2 d / D).
Tensor rotate(const Tensor& x, const Tensor& positions, std::int64_t heads, double theta) {
  const std::int64_t half = x.size(1) / heads / 2;
  const Tensor frequencies = at::pow(theta, at::arange(half, positions.options().dtype(at::kFloat)) / -half);
  const Tensor angles = (positions.unsqueeze(1) * frequencies).unsqueeze(1);  // [N, 1, D/2]
  const Tensor cosine = at::cos(angles).to(x.scalar_type()), sine = at::sin(angles).to(x.scalar_type());
  const Tensor parts = x.reshape({x.size(0), heads, 2, half});
  const Tensor a = parts.select(2, 0), b = parts.select(2, 1);
  return at::stack({a * cosine - b * sine, b * cosine + a * sine}, 2).reshape(x.sizes());
}

class RotaryEncoder final : public TransformerEncoder {
 public:
  explicit RotaryEncoder(const Config& config) : TransformerEncoder(read_sizes(config), config) {
    const double theta = config.number("rope_theta", 10000.0, above(0.0));
    add_word_table("embeddings.words");
    for (std::int64_t i = 0; i < sizes().layers; ++i) {
      const std::string at = "layers." + std::to_string(i) + ".";
      Layer layer;
      layer.attention_norm = add_norm(at + "attention_norm", width());
      layer.attention = add_attention({at + "query", at + "key", at + "value", at + "output"});
      layer.attention.rotation = [heads = sizes().heads, theta](const Tensor& x, const Tensor& positions) {
        return rotate(x, positions, heads, theta);
      };
      layer.feed_forward_norm = add_norm(at + "feed_forward_norm", width());
      layer.feed_forward = add_feed_forward(at + "inner", at + "outer");
      layers_.push_back(std::move(layer));
    }
    norm_ = add_norm("norm", width());
  }
  std::string checkpoint_prefix() const override { return "rotary."; }

 protected:
  Tensor embed(const EncoderPass& pass) const override {
    const Tensor x = sum_embeddings(pass);
    return drop(pass.options.precision == Precision::bfloat16 ? x.to(at::kBFloat16) : x, pass);
  }
  Tensor run_layer(std::size_t i, const Tensor& x, const EncoderPass& pass) const override {
    const Layer& layer = layers_[i];
    const Tensor normed = layer.attention_norm(x, pass.token_rows);
    const Tensor middle = pass.given(x) + drop(layer.attention(pass.given(normed), normed, pass), pass);
    return middle + drop(layer.feed_forward(layer.feed_forward_norm(middle, pass.rows), pass), pass);
  }
  Tensor finish(const Tensor& x, const EncoderPass& pass) const override { return norm_(x, pass.rows); }

 private:
  struct Layer {
    LayerNorm attention_norm, feed_forward_norm;
    SelfAttention attention;
    FeedForward feed_forward;
  };
  Tensor drop(const Tensor& x, const EncoderPass& pass) const {
    return ops::dropout(x, sizes().hidden_dropout, pass.options.dropout);
  }

  std::vector<Layer> layers_;
  LayerNorm norm_;
};

}  // namespace

INFOMTL_PLUGIN("rotary_encoder") {
  registries.encoders.add(
      {.name = "rotary", .summary = "pre-norm encoder with rotary positions", .source = "Su 2021", .options = {}},
      [](const Config& config) { return std::make_shared<RotaryEncoder>(config); });
}

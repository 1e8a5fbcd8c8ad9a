#pragma once
// The post-norm transformer of BERT and its relatives: tables of words, positions and token types, then layers with a
// norm after each residual sum (Devlin et al., NAACL 2019). Families differ in sizes and in what they call things.

#include <string>
#include <vector>

#include "infomtl/model/transformer_encoder.h"

namespace infomtl::encoders {

/// Names of modules; those of a layer follow "<layers>.<i>.".
struct PostNormNames {
  std::string checkpoint_prefix;  ///< what a checkpoint with a head puts before the encoder's names: "bert."
  std::string word, position, type, embedding_norm, projection;
  std::string layers;
  std::string query, key, value, attention_output, attention_norm, inner, output, output_norm;
};

class PostNormEncoder : public TransformerEncoder {
 public:
  PostNormEncoder(const EncoderSizes& sizes, PostNormNames names, const Config& config);

  std::string checkpoint_prefix() const override { return names_.checkpoint_prefix; }
  bool owns(std::string_view name) const override;
  void initialize(std::uint64_t seed) override;

 protected:
  Tensor embed(const EncoderPass& pass) const override;
  Tensor run_layer(std::size_t layer, const Tensor& x, const EncoderPass& pass) const override;

  /// One bias for the attention of all layers.
  void set_attention_bias(const ops::AttentionBias& bias) {
    for (Layer& layer : layers_) layer.attention.bias = bias;
  }

 private:
  struct Layer {
    SelfAttention attention;
    LayerNorm attention_norm;
    FeedForward feed_forward;
    LayerNorm output_norm;
  };
  PostNormNames names_;
  Tensor position_, type_;
  LayerNorm embedding_norm_;
  Linear projection_;  // where embeddings are narrower than the layers
  std::vector<Layer> layers_;
};

}  // namespace infomtl::encoders

#pragma once
// The transformer encoder (post-norm) of all BERT-like families, on packed tokens.

#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/model/encoder.h"
#include "model/encoder_layout.h"

namespace infomtl {

class TransformerEncoder final : public Encoder {
 public:
  /// Parameters are allocated, not filled.
  TransformerEncoder(EncoderLayout layout, Json config);

  EncoderOutput forward(const PackedTokens& tokens, const EncodeOptions& options) override;
  std::int64_t width() const override { return layout_.sizes.width; }
  std::int64_t layer_count() const override { return layout_.sizes.layers; }
  std::int64_t max_length() const override { return layout_.sizes.positions - layout_.sizes.first_position; }
  std::int64_t vocab_size() const override { return layout_.sizes.vocab; }
  const Json& config() const override { return config_; }
  Tensor word_embeddings(const PackedTokens& tokens) override;
  Tensor word_table() const override { return word_; }

  const EncoderLayout& layout() const { return layout_; }
  /// Draws every parameter as Hugging Face initialises it.
  void initialize(std::uint64_t seed);

 private:
  struct Affine {
    Tensor weight, bias;
  };
  struct Layer {
    Affine query, key, value, attention_output, attention_norm, inner, output, output_norm;
  };
  Tensor add_parameter(const std::string& name, Tensor value);
  Affine add_affine(const std::string& name, at::IntArrayRef weight_shape);
  void check(const PackedTokens& tokens) const;
  Tensor embed(const PackedTokens& tokens, const EncodeOptions& options) const;
  /// first undefined: states of all tokens; else [S] rows of first tokens, and only their states come out.
  Tensor run_layer(const Layer& layer, const Tensor& states, const PackedTokens& tokens, const Tensor& first,
                   const EncodeOptions& options) const;

  EncoderLayout layout_;
  Json config_;
  Tensor word_, position_, type_;
  Affine embedding_norm_, projection_;
  std::vector<Layer> layers_;
};

}  // namespace infomtl

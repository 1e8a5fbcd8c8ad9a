#pragma once
// Transformer encoder: what encoders that are a stack of layers over packed tokens have in common. A family says how
// tokens are embedded and what a layer is; checks, pooling, and the last layer for first tokens alone are here.
//
//   class MyEncoder final : public TransformerEncoder {
//     MyEncoder(const Config& config) : TransformerEncoder(read_sizes(config), config) { ... add_linear("in", H, H) ... }
//     Tensor embed(const EncoderPass& pass) const override;                                       // [N, H]
//     Tensor run_layer(std::size_t i, const Tensor& x, const EncoderPass& pass) const override;   // [N, H] to [R, H]
//   };
//
// Letters as in encoder_parts.h.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/model/encoder_parts.h"

namespace infomtl {

/// The sizes and rates that a config.json gives.
struct EncoderSizes {
  std::int64_t vocab = 0, width = 0, embedding_width = 0, layers = 0, heads = 0, inner = 0;
  std::int64_t positions = 0;       ///< rows of the position table; without one, first_position + the longest sequence
  std::int64_t first_position = 0;  ///< row of a sequence's first token (RoBERTa: padding index + 1)
  std::int64_t types = 0;           ///< rows of the token type table, 0 when there is none
  std::int64_t padding = 0;         ///< id of the padding token, -1 when there is none
  double norm_epsilon = 1e-12, hidden_dropout = 0.1, attention_dropout = 0.1, initializer_range = 0.02;
  ops::Activation activation = ops::Activation::gelu;
};

class INFOMTL_API TransformerEncoder : public Encoder {
 public:
  EncoderOutput forward(const PackedTokens& tokens, const EncodeOptions& options) override;
  std::int64_t width() const override { return sizes_.width; }
  std::int64_t embedding_width() const override { return sizes_.embedding_width; }
  std::int64_t layer_count() const override { return sizes_.layers; }
  std::int64_t max_length() const override { return sizes_.positions - sizes_.first_position; }
  std::int64_t vocab_size() const override { return sizes_.vocab; }
  std::int64_t type_count() const override { return sizes_.types; }
  const Json& config() const override { return *config_; }
  Tensor word_embeddings(const PackedTokens& tokens) override;
  Tensor word_table() const override { return word_; }
  /// Read off the first number in the name: "encoder.layer.3.output.dense.weight".
  std::int64_t depth_of(const std::string& parameter) const override;
  /// As Encoder's, with the row of the padding token zero.
  void initialize(std::uint64_t seed) override;

 protected:
  /// @param config  config.json as the registry hands it over @throws ConfigError for sizes that no memory here holds
  TransformerEncoder(const EncoderSizes& sizes, const Config& config);

  /// The states before the first layer, [N, H], in the arithmetic of the pass.
  virtual Tensor embed(const EncoderPass& pass) const = 0;
  /// @param x [N, H]
  /// @return [R, H]: of all tokens, or of first tokens where the pass says so (the last layer only)
  virtual Tensor run_layer(std::size_t layer, const Tensor& x, const EncoderPass& pass) const = 0;
  /// What follows the last layer: the norm of a pre-norm stack. [R, H] to [R, H].
  virtual Tensor finish(const Tensor& x, const EncoderPass& /*pass*/) const { return x; }

  const EncoderSizes& sizes() const { return sizes_; }

  /// The word embeddings plus those of `tables` at `ids` (as many, each [N] int64), plus the pass's embedding offset.
  Tensor sum_embeddings(const EncoderPass& pass, std::vector<Tensor> tables = {}, std::vector<Tensor> ids = {}) const;

  // Parameters, allocated and not filled, under names with dots: "encoder.layer.0.output.dense".
  void add_word_table(const std::string& name);  ///< [V, embedding_width]
  Tensor add_table(const std::string& name, std::int64_t rows, std::int64_t width);
  Linear add_linear(const std::string& name, std::int64_t outputs, std::int64_t inputs);
  LayerNorm add_norm(const std::string& name, std::int64_t width);
  struct AttentionNames {
    std::string query, key, value, output;
  };
  /// Queries, keys and values lie side by side in memory, so that one product serves them.
  SelfAttention add_attention(const AttentionNames& names);
  FeedForward add_feed_forward(const std::string& inner, const std::string& output);

 private:
  Tensor add_parameter(const std::string& name, Tensor value);
  void check(const PackedTokens& tokens) const;

  EncoderSizes sizes_;
  std::shared_ptr<const Json> config_;
  Tensor word_;
};

}  // namespace infomtl

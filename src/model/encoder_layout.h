#pragma once
// Layout of an encoder: what one family of Hugging Face models calls its sizes and its parameters. One transformer
// implementation serves all families; only this differs.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/ops/packed/activation.h"

namespace infomtl {

struct EncoderSizes {
  std::int64_t vocab = 0, width = 0, embedding_width = 0, layers = 0, heads = 0, inner = 0;
  std::int64_t positions = 0;       ///< rows of the position table
  std::int64_t first_position = 0;  ///< row of a sequence's first token (RoBERTa: padding index + 1)
  std::int64_t types = 0;           ///< rows of the token type table, 0 when there is none
  std::int64_t padding = 0;         ///< id of the padding token, -1 when there is none
  double norm_epsilon = 1e-12, hidden_dropout = 0.1, attention_dropout = 0.1, initializer_range = 0.02;
  ops::Activation activation = ops::Activation::gelu;
};

/// Names of modules; those of a layer follow "<layers>.<i>.".
struct EncoderNames {
  std::string checkpoint_prefix;  ///< what a checkpoint with a head puts before the encoder's names: "bert."
  std::string word, position, type, embedding_norm, projection;
  std::string layers;
  std::string query, key, value, attention_output, attention_norm, inner, output, output_norm;
};

struct EncoderLayout {
  EncoderSizes sizes;
  EncoderNames names;
};

/// Adapters: config.json to layout. @throws ConfigError with the field that is missing, out of range or not supported
EncoderLayout bert_layout(const Config& config);
EncoderLayout roberta_layout(const Config& config);
EncoderLayout distilbert_layout(const Config& config);
EncoderLayout electra_layout(const Config& config);

}  // namespace infomtl

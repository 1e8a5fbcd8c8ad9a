#include "model/encoder_layout.h"

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

const Range kCount = between(1, 1 << 24);
/// The deepest published encoders have fewer than a hundred layers; a wild number would build for minutes.
const Range kLayers = between(1, 1024);
const Range kRate = from_to_below(0.0, 1.0);

ops::Activation read_activation(const Config& config, const char* key) {
  const std::string name = config.text(key, "gelu");
  try {
    return ops::activation_of_name(name);
  } catch (const UnknownNameError& error) {
    config.fail(key, error.what());
  }
}

void check(const Config& config, const EncoderSizes& sizes, const char* width_key) {
  if (sizes.width % sizes.heads != 0) {
    config.fail(width_key, std::to_string(sizes.width) + " is not a multiple of the " + std::to_string(sizes.heads) +
                               " attention heads");
  }
  if (sizes.first_position >= sizes.positions) config.fail("max_position_embeddings", "leaves no position for a token");
  const std::string kind = config.text("position_embedding_type", "absolute");
  if (kind != "absolute")
    config.fail("position_embedding_type", "\"" + kind + "\" is not supported, only \"absolute\"");
  if (config.boolean("is_decoder", false)) config.fail("is_decoder", "decoders are not supported");
}

std::int64_t read_padding(const Config& config, std::int64_t fallback, std::int64_t vocab) {
  if (config.has("pad_token_id") && config.json()["pad_token_id"].is_null()) return -1;
  return config.integer("pad_token_id", fallback, between(0, static_cast<double>(vocab - 1)));
}

EncoderSizes bert_sizes(const Config& config) {
  EncoderSizes sizes;
  sizes.vocab = config.integer("vocab_size", kCount);
  sizes.width = config.integer("hidden_size", kCount);
  sizes.embedding_width = sizes.width;
  sizes.layers = config.integer("num_hidden_layers", kLayers);
  sizes.heads = config.integer("num_attention_heads", kCount);
  sizes.inner = config.integer("intermediate_size", kCount);
  sizes.positions = config.integer("max_position_embeddings", kCount);
  sizes.types = config.integer("type_vocab_size", 2, kCount);
  sizes.padding = read_padding(config, 0, sizes.vocab);
  sizes.norm_epsilon = config.number("layer_norm_eps", 1e-12, above(0.0));
  sizes.hidden_dropout = config.number("hidden_dropout_prob", 0.1, kRate);
  sizes.attention_dropout = config.number("attention_probs_dropout_prob", 0.1, kRate);
  sizes.initializer_range = config.number("initializer_range", 0.02, at_least(0.0));
  sizes.activation = read_activation(config, "hidden_act");
  return sizes;
}

EncoderNames bert_names(const char* prefix) {
  return {.checkpoint_prefix = prefix,
          .word = "embeddings.word_embeddings",
          .position = "embeddings.position_embeddings",
          .type = "embeddings.token_type_embeddings",
          .embedding_norm = "embeddings.LayerNorm",
          .projection = "embeddings_project",
          .layers = "encoder.layer",
          .query = "attention.self.query",
          .key = "attention.self.key",
          .value = "attention.self.value",
          .attention_output = "attention.output.dense",
          .attention_norm = "attention.output.LayerNorm",
          .inner = "intermediate.dense",
          .output = "output.dense",
          .output_norm = "output.LayerNorm"};
}

}  // namespace

EncoderLayout bert_layout(const Config& config) {
  EncoderLayout layout{bert_sizes(config), bert_names("bert.")};
  check(config, layout.sizes, "hidden_size");
  return layout;
}

EncoderLayout roberta_layout(const Config& config) {
  EncoderLayout layout{bert_sizes(config), bert_names("roberta.")};
  layout.sizes.padding = read_padding(config, 1, layout.sizes.vocab);
  layout.sizes.first_position = layout.sizes.padding + 1;
  check(config, layout.sizes, "hidden_size");
  return layout;
}

EncoderLayout electra_layout(const Config& config) {
  EncoderLayout layout{bert_sizes(config), bert_names("electra.")};
  layout.sizes.embedding_width = config.integer("embedding_size", layout.sizes.width, kCount);
  check(config, layout.sizes, "hidden_size");
  return layout;
}

EncoderLayout distilbert_layout(const Config& config) {
  EncoderSizes sizes;
  sizes.vocab = config.integer("vocab_size", kCount);
  sizes.width = config.integer("dim", kCount);
  sizes.embedding_width = sizes.width;
  sizes.layers = config.integer("n_layers", kLayers);
  sizes.heads = config.integer("n_heads", kCount);
  sizes.inner = config.integer("hidden_dim", kCount);
  sizes.positions = config.integer("max_position_embeddings", kCount);
  sizes.padding = read_padding(config, 0, sizes.vocab);
  sizes.hidden_dropout = config.number("dropout", 0.1, kRate);
  sizes.attention_dropout = config.number("attention_dropout", 0.1, kRate);
  sizes.initializer_range = config.number("initializer_range", 0.02, at_least(0.0));
  sizes.activation = read_activation(config, "activation");
  check(config, sizes, "dim");
  return {sizes,
          {.checkpoint_prefix = "distilbert.",
           .word = "embeddings.word_embeddings",
           .position = "embeddings.position_embeddings",
           .type = "embeddings.token_type_embeddings",
           .embedding_norm = "embeddings.LayerNorm",
           .projection = "embeddings_project",
           .layers = "transformer.layer",
           .query = "attention.q_lin",
           .key = "attention.k_lin",
           .value = "attention.v_lin",
           .attention_output = "attention.out_lin",
           .attention_norm = "sa_layer_norm",
           .inner = "ffn.lin1",
           .output = "ffn.lin2",
           .output_norm = "output_layer_norm"}};
}

}  // namespace infomtl

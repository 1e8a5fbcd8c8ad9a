#include "model/encoders/bert.h"

#include "model/encoders/config_fields.h"

namespace infomtl::encoders {

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
  sizes.norm_epsilon = config.number("layer_norm_eps", 1e-12, Range{.low = 0.0, .high = 1.0, .low_open = true});
  sizes.hidden_dropout = config.number("hidden_dropout_prob", 0.1, kRate);
  sizes.attention_dropout = config.number("attention_probs_dropout_prob", 0.1, kRate);
  sizes.initializer_range = config.number("initializer_range", 0.02, at_least(0.0));
  sizes.activation = read_activation(config, "hidden_act");
  return sizes;
}

PostNormNames bert_names(const char* checkpoint_prefix) {
  return {.checkpoint_prefix = checkpoint_prefix,
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

namespace {

std::shared_ptr<Encoder> make_bert(const Config& config) {
  const EncoderSizes sizes = bert_sizes(config);
  check(config, sizes, "hidden_size");
  return std::make_shared<PostNormEncoder>(sizes, bert_names("bert."), config);
}

}  // namespace

void register_bert(EncoderRegistry& registry) {
  registry.add({.name = "bert", .summary = "BERT, MiniLM", .source = "Devlin et al., NAACL 2019", .options = {}},
               make_bert);
}

}  // namespace infomtl::encoders

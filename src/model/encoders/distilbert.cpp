#include "model/encoders/config_fields.h"
#include "model/encoders/post_norm_encoder.h"

namespace infomtl::encoders {
namespace {

std::shared_ptr<Encoder> make_distilbert(const Config& config) {
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
  const PostNormNames names{.checkpoint_prefix = "distilbert.",
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
                            .output_norm = "output_layer_norm"};
  return std::make_shared<PostNormEncoder>(sizes, names, config);
}

}  // namespace

void register_distilbert(EncoderRegistry& registry) {
  registry.add(
      {.name = "distilbert", .summary = "DistilBERT", .source = "Sanh et al., arXiv:1910.01108", .options = {}},
      make_distilbert);
}

}  // namespace infomtl::encoders

#include "model/encoders/bert.h"
#include "model/encoders/config_fields.h"
#include "model/encoders/relative_position.h"

namespace infomtl::encoders {
namespace {

constexpr std::int64_t kBuckets = 32, kFarthest = 128;
constexpr std::int64_t kPadding = 1;  // transformers' MPNet reads no other from config.json

PostNormNames mpnet_names() {
  PostNormNames names = bert_names("mpnet.");
  names.query = "attention.attn.q";
  names.key = "attention.attn.k";
  names.value = "attention.attn.v";
  names.attention_output = "attention.attn.o";
  names.attention_norm = "attention.LayerNorm";
  return names;
}

// BERT without token types, with positions that begin behind the padding token's id, and with a bias of every head for
// the distance of two tokens, one table for all layers.
class MpnetEncoder final : public PostNormEncoder {
 public:
  MpnetEncoder(const EncoderSizes& sizes, const Config& config) : PostNormEncoder(sizes, mpnet_names(), config) {
    set_attention_bias({.table = add_table("encoder.relative_attention_bias", kBuckets, sizes.heads),
                        .buckets = relative_position_buckets(max_length(), kBuckets, kFarthest)});
  }
};

std::shared_ptr<Encoder> make_mpnet(const Config& config) {
  EncoderSizes sizes = bert_sizes(config);
  config.integer("vocab_size", at_least(kPadding + 1));
  sizes.types = 0;
  sizes.padding = kPadding;
  sizes.first_position = kPadding + 1;
  check(config, sizes, "hidden_size");
  if (const std::int64_t buckets = config.integer("relative_attention_num_buckets", kBuckets); buckets != kBuckets) {
    config.fail("relative_attention_num_buckets", std::to_string(buckets) + " is not supported, only 32");
  }
  return std::make_shared<MpnetEncoder>(sizes, config);
}

}  // namespace

void register_mpnet(EncoderRegistry& registry) {
  registry.add(
      {.name = "mpnet", .summary = "MPNet, all-mpnet-base-v2", .source = "Song et al., NeurIPS 2020", .options = {}},
      make_mpnet);
}

}  // namespace infomtl::encoders

#include "model/encoders/bert.h"
#include "model/encoders/config_fields.h"

namespace infomtl::encoders {
namespace {

// BERT whose embeddings may be narrower than its layers.
std::shared_ptr<Encoder> make_electra(const Config& config) {
  EncoderSizes sizes = bert_sizes(config);
  sizes.embedding_width = config.integer("embedding_size", sizes.width, kCount);
  check(config, sizes, "hidden_size");
  return std::make_shared<PostNormEncoder>(sizes, bert_names("electra."), config);
}

}  // namespace

void register_electra(EncoderRegistry& registry) {
  registry.add({.name = "electra", .summary = "ELECTRA", .source = "Clark et al., ICLR 2020", .options = {}},
               make_electra);
}

}  // namespace infomtl::encoders

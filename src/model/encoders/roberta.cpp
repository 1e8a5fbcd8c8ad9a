#include "model/encoders/bert.h"
#include "model/encoders/config_fields.h"

namespace infomtl::encoders {
namespace {

// BERT whose positions begin behind the padding token's id.
std::shared_ptr<Encoder> make_roberta(const Config& config) {
  EncoderSizes sizes = bert_sizes(config);
  sizes.padding = read_padding(config, 1, sizes.vocab);
  sizes.first_position = sizes.padding + 1;
  check(config, sizes, "hidden_size");
  return std::make_shared<PostNormEncoder>(sizes, bert_names("roberta."), config);
}

}  // namespace

void register_roberta(EncoderRegistry& registry) {
  registry.add({.name = "roberta", .summary = "RoBERTa", .source = "Liu et al., arXiv:1907.11692", .options = {}},
               make_roberta);
  registry.add({.name = "xlm-roberta", .summary = "XLM-R", .source = "Conneau et al., ACL 2020", .options = {}},
               make_roberta);
}

}  // namespace infomtl::encoders

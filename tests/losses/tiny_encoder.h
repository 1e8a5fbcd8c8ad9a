#pragma once
// An encoder of one layer with random weights, for tests that only ask what a model has.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "infomtl/model/encoder.h"

namespace infomtl::testing {

inline std::shared_ptr<Encoder> tiny_encoder(std::int64_t width = 8) {
  return random_encoder({{"model_type", "bert"},
                         {"vocab_size", 10},
                         {"hidden_size", width},
                         {"num_hidden_layers", 1},
                         {"num_attention_heads", 2},
                         {"intermediate_size", 8},
                         {"max_position_embeddings", 8},
                         {"type_vocab_size", 2}},
                        1);
}

}  // namespace infomtl::testing

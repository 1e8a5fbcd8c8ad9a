#pragma once
// Fields of config.json that several families read alike.

#include "infomtl/core/config.h"
#include "infomtl/model/transformer_encoder.h"

namespace infomtl::encoders {

inline const Range kCount = between(1, 1 << 24);
/// The deepest published encoders have fewer than a hundred layers; a wild number would build for minutes.
inline const Range kLayers = between(1, 1024);
inline const Range kRate = from_to_below(0.0, 1.0);

ops::Activation read_activation(const Config& config, const char* key);
/// `pad_token_id`: -1 where it is null.
std::int64_t read_padding(const Config& config, std::int64_t fallback, std::int64_t vocab);
/// What sizes must satisfy together, and what no family here supports.
/// @throws ConfigError; the width is called `width_key`
void check(const Config& config, const EncoderSizes& sizes, const char* width_key);

}  // namespace infomtl::encoders

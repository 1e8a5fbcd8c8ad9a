#pragma once
// BERT's sizes and names, which later families took over.

#include "model/encoders/post_norm_encoder.h"

namespace infomtl::encoders {

/// @throws ConfigError with the field that is missing, out of range or not supported
EncoderSizes bert_sizes(const Config& config);
PostNormNames bert_names(const char* checkpoint_prefix);

}  // namespace infomtl::encoders

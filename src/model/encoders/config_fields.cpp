#include "model/encoders/config_fields.h"

#include "infomtl/core/errors.h"

namespace infomtl::encoders {

ops::Activation read_activation(const Config& config, const char* key) {
  const std::string name = config.text(key, "gelu");
  try {
    return ops::activation_of_name(name);
  } catch (const UnknownNameError& error) {
    config.fail(key, error.what());
  }
}

std::int64_t read_padding(const Config& config, std::int64_t fallback, std::int64_t vocab) {
  if (config.has("pad_token_id") && config.json()["pad_token_id"].is_null()) return -1;
  return config.integer("pad_token_id", fallback, between(0, static_cast<double>(vocab - 1)));
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

}  // namespace infomtl::encoders

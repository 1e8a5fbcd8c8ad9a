#pragma once
// The tiny encoders of tests/fixtures/encoders (scripts/fixtures/encoders.py) and what transformers computes with them.

#include <filesystem>
#include <string>

#include "infomtl/model/encoder.h"
#include "infomtl/model/weights_file.h"
#include "support/fixture_folder.h"

namespace infomtl::testing {

inline std::filesystem::path encoder_folder(const std::string& family) {
  return std::filesystem::path(infomtl::testing::fixture_folder()) / "encoders" / family;
}

struct EncoderCase {
  explicit EncoderCase(const std::string& family)
      : encoder(load_encoder(encoder_folder(family))), expected(encoder_folder(family) / "expected.safetensors") {
    tokens.ids = expected.read("ids");
    tokens.positions = expected.read("positions");
    tokens.type_ids = expected.read("type_ids");
    tokens.offsets = expected.read("offsets");
  }
  std::shared_ptr<Encoder> encoder;
  WeightsReader expected;
  PackedTokens tokens;
};

inline const std::vector<std::string>& encoder_families() {
  static const std::vector<std::string> families{"bert", "roberta", "distilbert", "electra", "mpnet"};
  return families;
}

}  // namespace infomtl::testing

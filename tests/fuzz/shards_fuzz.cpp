// Any bytes as the index of a model's weights: only files of the folder are opened, and what is read is in them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/model/weights_file.h"
#include "support/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const infomtl::testing::TemporaryFolder outer;
  static const bool written = [] {
    outer.write("model/README.md", "");
    infomtl::write_weights(outer / "secret.safetensors", {{"secret", at::ones({2})}});
    infomtl::write_weights(outer / "model/one.safetensors", {{"a", at::ones({2})}});
    infomtl::write_weights(outer / "model/two.safetensors", {{"b", at::ones({3})}});
    return true;
  }();
  if (!written) std::abort();
  outer.write("model/model.safetensors.index.json", std::string(reinterpret_cast<const char*>(data), size));
  try {
    const infomtl::WeightsReader reader(outer / "model");
    if (reader.find("secret") != nullptr) std::abort();
    for (const infomtl::WeightsEntry& entry : reader.entries()) {
      if (reader.read(entry.name).numel() > 3) std::abort();
    }
  } catch (const infomtl::UserError&) {
  }
  return 0;
}

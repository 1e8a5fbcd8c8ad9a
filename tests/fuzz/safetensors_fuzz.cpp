// Fuzz target: any bytes as a weights file are either read whole or refused with a FormatError.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "infomtl/core/errors.h"
#include "infomtl/model/weights_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    std::uint64_t next = 0;
    for (const infomtl::WeightsEntry& entry : infomtl::parse_weights_header(bytes, size, "fuzz")) {
      // What was accepted must lie inside the file, without overlap.
      if (entry.begin != next || entry.end < entry.begin || entry.end > size) std::abort();
      next = entry.end;
    }
  } catch (const infomtl::FormatError&) {
  }
  return 0;
}

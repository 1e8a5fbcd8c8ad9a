#pragma once
// Special tokens: those that a model folder names for the ends of texts, padding, unknown words and masking.
//
//   const std::int32_t padding = tokenizer->special_ids().pad;      // -1 where the folder names none

#include <cstdint>

namespace infomtl {

/// Ids of the special tokens a model folder names; -1 where it names none.
struct SpecialTokenIds {
  std::int32_t cls = -1, sep = -1, pad = -1, unk = -1, mask = -1;
};

}  // namespace infomtl

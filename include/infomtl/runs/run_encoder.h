#pragma once
// The encoder of a run, for commands and programs that embed or tokenize texts with it.
//
//   RunEncoder place = run_encoder("runs/first");        // its best checkpoint, and how the run read texts
//   auto encoder = load_encoder(place.folder);

#include <cstdint>
#include <filesystem>
#include <string>

#include "infomtl/core/export.h"

namespace infomtl {

struct RunEncoder {
  std::filesystem::path folder;  ///< that Hugging Face reads
  std::string pooling = {};      ///< "first" or "mean": the run's; empty: not known
  std::int64_t max_length = 0;   ///< tokens of a text in the run; 0: not known, the model's
};

/// Of a run folder, one of its checkpoints, or any other model folder, of which only the folder is known.
/// @throws UserError for a folder of several runs; FormatError; IoError
INFOMTL_API RunEncoder run_encoder(const std::filesystem::path& model);

}  // namespace infomtl

#include <cstdio>

#include "commands.h"
#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"

namespace infomtl::commands {

namespace {

/// An earlier corpus may be written over; anything else that lies in the folder is not ours to mix with.
void check_place(const std::filesystem::path& folder) {
  if (folder.empty()) throw UserError("synthesize: the folder's name is empty");
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return;
  if (!std::filesystem::is_directory(folder, error)) throw UserError(folder.string() + ": is not a folder");
  if (!std::filesystem::is_empty(folder, error) && !std::filesystem::exists(folder / "corpus.json", error)) {
    throw UserError(folder.string() + ": holds other things than a corpus; choose an empty folder or a new one");
  }
}

}  // namespace

int synthesize(const SynthesizeOptions& options) {
  check_place(options.folder);
  SyntheticCorpusSettings settings{.seed = options.seed};
  if (options.rows > 0) settings.rows = options.rows;
  const Json ceilings = write_synthetic_corpus(options.folder, settings);
  std::printf("%s\n", ceilings.dump(2).c_str());
  return 0;
}

}  // namespace infomtl::commands

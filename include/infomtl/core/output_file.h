#pragma once
// Output file: what a command writes where its user says, without taking the place of anything else.
//
//   const OutputKind page{"a page of infomtl report", [](std::string_view text) { return text.starts_with("<!DOCTYPE"); }};
//   check_output(file, page);            // before anything long is computed
//   write_output(file, text, page);

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// The kind of file that a command writes.
struct OutputKind {
  std::string what;  ///< "a page of infomtl report"
  /// Whether a file that begins so, at most its first MiB, is of it.
  std::function<bool(std::string_view beginning)> is_of_kind;
};

/// A regular file that is there must be empty or of the kind, to be replaced. Pipes, terminals and the like may be written to.
/// @throws UserError for any other file, a folder or a disk; nothing is changed
INFOMTL_API void check_output(const std::filesystem::path& file, const OutputKind& kind);

/// Checks, then writes: a regular file as write_file_atomically() does (a link to one stays), what else may be as a stream.
/// @throws UserError, IoError
INFOMTL_API void write_output(const std::filesystem::path& file, std::string_view content, const OutputKind& kind);

/// Refuses to put a new run, comparison or search into a folder in which other things lie; hidden files do not count.
/// @param what  "a run" @param is_own  whether something that lies there belongs to it; null: nothing does @throws UserError
INFOMTL_API void refuse_filled_folder(const std::filesystem::path& folder, const std::string& what,
                                      const std::function<bool(const std::filesystem::path&)>& is_own = nullptr);

}  // namespace infomtl

#pragma once
// Readers of the file formats: content in, rows out, nothing interpreted yet. Every error is one line with file and
// line number. They take the content as text so that tests and fuzzing need no files.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/task_record.h"

namespace infomtl::data {

/// Takes the one-line description of a problem: throws it, or lists it.
using ErrorList = std::function<void(const std::string&)>;
/// A sink that throws DataError.
ErrorList throwing_errors();

/// A label as written: a list of items, one for single labels and values.
struct RawLabels {
  std::string file;
  std::vector<std::int32_t> lines;  ///< where each row's label stands
  StringTable items;
  std::vector<std::int64_t> offsets = {0};
  std::vector<bool> missing;

  std::size_t size() const { return missing.size(); }
  void append_missing(std::int32_t line);
  void append(const std::vector<std::string_view>& row_items, std::int32_t line);
};

/// How one task's labels are found in a source.
struct LabelRequest {
  TaskKind kind = TaskKind::classification;
  const Source* source = nullptr;
  const std::vector<std::string>* names = nullptr;  ///< of the classes, for 0/1 columns
};

/// The rows of one source with the labels of every task that reads it.
struct SourceRows {
  Texts texts;
  std::vector<std::int32_t> lines;
  std::vector<RawLabels> labels;  ///< one for each request, as many rows as texts
};

/// The lines of a UTF-8 text: split at LF only, a CR before it and a byte order mark at the start dropped.
/// @throws DataError "file:line:byte" for the first byte that is not UTF-8
std::vector<std::string_view> split_lines(std::string_view content, const std::string& file);

/// @param content   of source.file; @param pair_content of source.pair_file where there is one
/// @param label_contents  of each request's label_file (lines format), "" otherwise
/// @param words     whether the texts are split into words (a tagging task reads them)
SourceRows read_rows(const Source& source, std::string_view content, std::string_view pair_content,
                     const std::vector<LabelRequest>& requests, const std::vector<std::string>& label_contents,
                     bool words, const ErrorList& problem);

/// Maximal runs of bytes other than blank and tab.
std::vector<WordRange> blank_separated(std::string_view text);

}  // namespace infomtl::data

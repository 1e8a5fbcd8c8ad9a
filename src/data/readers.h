#pragma once
// Readers of the file formats: content in, rows out, nothing interpreted yet. Every error is one line with file and
// line number. They take the content as text so that tests and fuzzing need no files.

#include <string>
#include <string_view>
#include <vector>

#include "data/raw_labels.h"
#include "data/task_record.h"
#include "data/text_lines.h"

namespace infomtl::data {

/// @param content   of source.file; @param pair_content of source.pair_file where there is one
/// @param label_contents  of each request's label_file (lines format), "" otherwise
/// @param words     whether the texts are split into words (a tagging task reads them)
SourceRows read_rows(const Source& source, std::string_view content, std::string_view pair_content,
                     const std::vector<LabelRequest>& requests, const std::vector<std::string>& label_contents,
                     bool words, const ErrorList& problem);

}  // namespace infomtl::data

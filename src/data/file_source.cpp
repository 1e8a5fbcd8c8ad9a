#include "data/file_source.h"

#include <map>
#include <optional>
#include <string>

#include "infomtl/core/errors.h"

namespace infomtl::data {
namespace {

std::optional<SourceFormat> format_of_ending(const std::filesystem::path& file) {
  static const std::map<std::string, SourceFormat> kFormats = {{".tsv", SourceFormat::tsv},
                                                               {".csv", SourceFormat::csv},
                                                               {".jsonl", SourceFormat::jsonl},
                                                               {".json", SourceFormat::jsonl},
                                                               {".conll", SourceFormat::conll}};
  const auto found = kFormats.find(file.extension().string());
  return found == kFormats.end() ? std::nullopt : std::optional<SourceFormat>(found->second);
}

bool has_named_columns(SourceFormat format) {
  return format == SourceFormat::tsv || format == SourceFormat::csv || format == SourceFormat::jsonl;
}

}  // namespace

Source source_of_file(const TaskRecord& record, const std::filesystem::path& file) {
  const auto& splits = record.splits;
  const auto& sources = !splits[2].empty() ? splits[2] : !splits[1].empty() ? splits[1] : splits[0];
  const Source& own = sources.front();
  const SourceFormat format = format_of_ending(file).value_or(own.format);
  if (format == SourceFormat::lines) {
    throw ConfigError(file.string() + ": task \"" + record.task.name +
                      "\" reads texts and labels from two files side by side; give one .jsonl, .csv or .tsv with the "
                      "columns text and label");
  }
  Source source;
  source.format = format;
  source.file = file;
  source.label_separator = own.label_separator;
  if (format == own.format || (has_named_columns(format) && has_named_columns(own.format))) {
    source.text_column = own.text_column;
    source.pair_column = own.pair_column;
    source.label_columns = own.label_columns;
    source.header = own.header;
    return source;
  }
  source.text_column = format == SourceFormat::conll ? "0" : "text";
  if (record.task.pair) source.pair_column = "text_pair";
  if (format != SourceFormat::conll) source.label_columns = {"label"};
  return source;
}

}  // namespace infomtl::data

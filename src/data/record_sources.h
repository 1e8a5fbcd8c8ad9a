#pragma once
// Sources of a task record: which files hold the texts and labels of a split, and how they are read.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/table_reader.h"
#include "infomtl/core/config.h"
#include "infomtl/data/task.h"

namespace infomtl::data {

enum class SourceFormat { lines, label_text, tsv, csv, jsonl, conll };

/// Some rows of one split of one task: the texts, and where this task's labels stand beside them.
struct Source {
  SourceFormat format = SourceFormat::lines;
  std::filesystem::path file;       ///< the text file, or the table
  std::filesystem::path pair_file;  ///< lines only
  std::string text_column, pair_column;
  std::optional<bool> header;
  std::optional<char> delimiter;          ///< of a table; without one "," for csv, a tab for tsv
  std::optional<bool> quotes;             ///< whether fields of a table may be quoted; without it for csv only
  double part_from = 0.0, part_to = 1.0;  ///< slice of the rows in an order shuffled by part_seed
  std::int64_t part_seed = 0;

  std::filesystem::path label_file;        ///< lines only
  std::vector<std::string> label_columns;  ///< one, or one 0/1 column per class (multi_label)
  std::string label_separator = ",";

  TableStyle style() const {
    const bool csv = format == SourceFormat::csv;
    return {.delimiter = delimiter.value_or(csv ? ',' : '\t'), .quotes = quotes.value_or(csv)};
  }
  bool paired() const { return !pair_file.empty() || !pair_column.empty(); }
  /// Equal for sources that read the same texts in the same order.
  std::string text_key() const;
};

/// Where the files of a record lie: below `folder`, or beside the file that names them when there is none.
struct RecordRoot {
  std::optional<std::filesystem::path> folder;
  /// No folder is there, which was told: nobody looks for its files. Only where the config collects its problems.
  bool missing = false;

  /// The field "root" of a config's `data`, or of an element of its tasks.
  static RecordRoot of(const Config& holder);
  std::filesystem::path resolve(const Config& file) const;
  /// One file, or a list of files.
  std::vector<std::filesystem::path> files(const Config& object, std::string_view key) const;
};

/// One source object as one task reads it, a Source for every file it lists. Empty when it holds no label of the task.
/// @param labels_known  false: the record's labels could not be read, and nothing is compared with them
std::vector<Source> read_source(const Config& config, const RecordRoot& root, const Task& task, bool labels_known);

/// Refuses keys of a record's sources that nobody asked for, once all of them were read.
/// @param splits  the object of train, validation, test
void reject_unknown_sources(const Config& splits);

}  // namespace infomtl::data

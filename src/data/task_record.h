#pragma once
// The task record as read from JSON: what is predicted, and which files hold it.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/table_reader.h"
#include "infomtl/core/config.h"
#include "infomtl/data/dataset.h"
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

enum class UnknownLabels { error, skip, wrong };

struct TaskRecord {
  Task task;
  std::string where;              ///< for messages
  bool labels_from_data = false;  ///< task.labels is empty until the training rows were read
  bool scheme_written = false;    ///< the record says "scheme": labels from data are completed to its tags
  UnknownLabels unknown_labels = UnknownLabels::error;
  bool missing_labels_allowed = false;
  Range value_range;
  std::array<std::vector<Source>, 3> splits;
  /// Some of it could not be read, which is told; its sources are left out. What is known of the task stands, so that
  /// what else names the task is not told as a mistake.
  bool broken = false;
};

/// The records of a config's `data` object: files, inline objects, or {"record": file, "root": folder}.
/// @param problems  nullptr: the first mistake throws; else mistakes in records are listed and the records left out, or
///                  kept as broken where `data` collects its problems
std::vector<TaskRecord> read_task_records(const Config& data, std::vector<std::string>* problems = nullptr);

}  // namespace infomtl::data

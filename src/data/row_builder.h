#pragma once
// Row builder: takes the texts of a source one after the other, and the labels of every task that reads it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/raw_labels.h"
#include "data/task_record.h"
#include "data/text_lines.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"

namespace infomtl::data {

class RowBuilder {
 public:
  RowBuilder(const Source& source, const std::vector<LabelRequest>& requests, bool words)
      : file_{.name = source.file.string()}, requests_(requests), words_(words) {
    rows_.labels.resize(requests.size());
    for (std::size_t r = 0; r < requests.size(); ++r) {
      const auto& label_file = requests[r].source->label_file;
      rows_.labels[r].file = {.name = (label_file.empty() ? source.file : label_file).string()};
    }
  }

  void text(std::string_view text, const std::string_view* pair, std::int32_t line) {
    check_size(text.size(), line);
    if (pair != nullptr) check_size(pair->size(), line);
    rows_.texts.append(text, pair, words_ ? blank_separated(text) : std::vector<WordRange>());
    rows_.lines.push_back(line);
  }
  void words(const std::vector<std::string_view>& words, std::int32_t line) {
    std::string joined;
    std::vector<WordRange> ranges;
    for (const std::string_view word : words) {
      if (!joined.empty()) joined += ' ';
      const auto begin = static_cast<std::int32_t>(joined.size());
      joined += word;
      ranges.push_back({begin, static_cast<std::int32_t>(joined.size())});
    }
    check_size(joined.size(), line);
    rows_.texts.append(joined, nullptr, ranges);
    rows_.lines.push_back(line);
  }
  /// The rows are the elements of a list in a JSON file. @param pointer  of that list
  void of_list(const std::string& pointer) {
    file_.list = pointer;
    for (RawLabels& labels : rows_.labels) labels.file.list = pointer;
  }
  /// "file:3: " of the row of this number
  std::string place(std::int32_t number) const { return file_.place(number); }
  /// Rows that hold nothing.
  void blank_rows(std::int64_t count) { blank_rows_ += count; }
  RawLabels& labels(std::size_t request) { return rows_.labels[request]; }
  std::size_t requests() const { return requests_.size(); }
  const LabelRequest& request(std::size_t r) const { return requests_[r]; }
  SourceRows take() {
    if (blank_rows_ > 0) {
      log::warning(file_.name + ": " + std::to_string(blank_rows_) +
                   (blank_rows_ == 1 ? " blank row is left out" : " blank rows are left out"));
    }
    return std::move(rows_);
  }

 private:
  void check_size(std::size_t bytes, std::int32_t line) const {
    if (bytes <= kLongestText) return;
    throw DataError(place(line) + "a text of " + std::to_string(bytes) + " bytes; " + std::to_string(kLongestText) +
                    " are the most (is all of a file one line?)");
  }

  RowFile file_;
  const std::vector<LabelRequest>& requests_;
  bool words_;
  std::int64_t blank_rows_ = 0;
  SourceRows rows_;
};

}  // namespace infomtl::data

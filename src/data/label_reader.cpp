#include "data/label_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"

namespace infomtl::data {
namespace {

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

std::optional<std::int64_t> as_index(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  if (text.size() > 1 && (text.front() == '0' || text.front() == '-')) return std::nullopt;  // "01" is a code
  return value;
}

/// What a record may say of labels of validation and test that its list lacks. @param asked  the complaint ends in a question
std::string cure_of_unknown(TaskKind kind, bool asked) {
  const std::string wrong = "\"wrong\" keeps such a row as one that no prediction can match, ";
  return std::string(asked ? " Or" : ";") +
         " \"unknown_labels\" in the record: " + (kind == TaskKind::multi_label ? "" : wrong) +
         "\"skip\" leaves the row out";
}

}  // namespace

LabelNames::LabelNames(const std::vector<std::string>& names, TaskKind kind) : names_(names) {
  bool any_number = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    index_.emplace(names[i], static_cast<std::int32_t>(i));
    any_number = any_number || is_number(names[i]);
  }
  indices_allowed_ = !any_number && !(kind == TaskKind::multi_label && names.size() == 1);
  for (std::size_t digit = 0; digit < 2 && indices_allowed_ && digit < names.size(); ++digit) {
    const auto meant = boolean_class(digit == 1, names);
    if (meant && *meant != digit) booleans_[digit] = meant;
  }
}

std::optional<std::int32_t> LabelNames::find(std::string_view cell) const {
  const auto found = index_.find(cell);
  if (found != index_.end()) return found->second;
  const auto index = as_index(cell);
  if (indices_allowed_ && index && *index < static_cast<std::int64_t>(names_.size())) {
    if (*index < 2 && booleans_[static_cast<std::size_t>(*index)]) return std::nullopt;
    return static_cast<std::int32_t>(*index);
  }
  return std::nullopt;
}

std::string LabelNames::complaint(std::string_view cell, bool suggests) const {
  if (const auto index = as_index(cell); index && *index < 2 && booleans_[static_cast<std::size_t>(*index)]) {
    const auto digit = static_cast<std::size_t>(*index);
    return "label " + std::string(cell) + " may be the index of \"" + names_[digit] + "\" or stand for \"" +
           names_[*booleans_[digit]] + "\"; write names, or list them in the order false, true";
  }
  std::string text = "label \"" + shortened_to(printable(cell), kLongestShown) + "\" is not one of ";
  constexpr std::size_t kShown = 6;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names_.size(), kShown); ++i) shown.push_back(printable(names_[i]));
  text += joined(shown);
  if (names_.size() > kShown) text += ", ... (" + std::to_string(names_.size()) + " labels)";
  if (indices_allowed_) text += ", nor an index 0 to " + std::to_string(names_.size() - 1);
  const std::string near = suggests ? nearest_name(cell, names_) : "";
  if (!near.empty()) text += "; did you mean \"" + near + "\"?";
  return text;
}

LabelReader::LabelReader(const TaskRecord& record, Split split, ErrorList problem, Readings* readings)
    : record_(record),
      training_(split == Split::train),
      names_(record.task.labels, record.task.kind),
      problem_(std::move(problem)),
      readings_(readings) {
  if (readings_ != nullptr) readings_->resize(record.task.labels.size() + 1);
}

void LabelReader::append(const RawLabels& raw, const SourceRows& source, std::int32_t first_sequence, TaskRows& rows) {
  const bool list = record_.task.kind == TaskKind::multi_label || record_.task.kind == TaskKind::tagging;
  if (list && rows.label_offsets.empty()) rows.label_offsets.push_back(0);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const std::string where = raw.file.place(raw.lines[i]);
    if (raw.refused[i]) continue;
    if (raw.missing[i]) {
      ++without_label_;
      if (!record_.missing_labels_allowed) {
        problem_(where + "no label; \"missing_labels\": \"skip\" in the record leaves such rows out");
      }
      continue;
    }
    const auto begin = static_cast<std::size_t>(raw.offsets[i]);
    const auto end = static_cast<std::size_t>(raw.offsets[i + 1]);
    const std::size_t kept = rows.classes.size();
    bool good = true;
    if (record_.task.kind == TaskKind::regression) {
      good = append_value(raw.items[begin], where, rows);
    } else {
      good = tags_fit(source.texts, i, end - begin, where);
      for (std::size_t j = begin; good && j < end; ++j) good = append_class(raw.items[j], where, kept, rows);
    }
    if (!good) {
      rows.classes.resize(kept);
      continue;
    }
    rows.sequences.push_back(first_sequence + static_cast<std::int32_t>(i));
    if (list) rows.label_offsets.push_back(static_cast<std::int64_t>(rows.classes.size()));
  }
  if (outside_count_ > 1) {
    problem_(raw.file.name + ": " + std::to_string(outside_count_) +
             " values are outside the record's \"range\"; they are " + describe(outside_));
  }
}

std::string LabelReader::left_out() const {
  std::string text;
  if (record_.missing_labels_allowed && without_label_ > 0) text = std::to_string(without_label_) + " without a label";
  if (unknown_ > 0) {
    text += (text.empty() ? "" : ", ") + std::to_string(unknown_) + " with a label that \"labels\" lacks";
  }
  return text;
}

bool LabelReader::tags_fit(const Texts& texts, std::size_t row, std::size_t tags, const std::string& where) {
  if (record_.task.kind != TaskKind::tagging) return true;
  const auto words = static_cast<std::size_t>(texts.word_offsets[row + 1] - texts.word_offsets[row]);
  if (words == tags && words > 0) return true;
  problem_(where + std::to_string(tags) + " tags for " + std::to_string(words) + " words");
  return false;
}

bool LabelReader::append_class(std::string_view cell, const std::string& where, std::size_t row_begin, TaskRows& rows) {
  const auto found = names_.find(cell);
  if (found) {
    const auto begin = rows.classes.begin() + static_cast<std::ptrdiff_t>(row_begin);
    if (record_.task.kind == TaskKind::multi_label &&
        std::find(begin, rows.classes.end(), *found) != rows.classes.end()) {
      problem_(where + "label \"" + std::string(cell) + "\" twice in one row");
      return false;
    }
    rows.classes.push_back(*found);
    if (readings_ != nullptr) ++(*readings_)[static_cast<std::size_t>(*found)][std::string(cell)];
    return true;
  }
  const bool tolerated = !training_ && record_.unknown_labels != UnknownLabels::error;
  if (!tolerated) {
    std::string complaint = names_.complaint(cell, ++complaints_ <= kMostListed);
    if (!training_ && complaints_ == 1) complaint += cure_of_unknown(record_.task.kind, complaint.ends_with('?'));
    problem_(where + complaint);
    return false;
  }
  if (record_.unknown_labels == UnknownLabels::skip) {
    ++unknown_;
    return false;
  }
  rows.classes.push_back(kUnknownLabel);
  if (readings_ != nullptr) ++readings_->back()[std::string(cell)];
  return true;
}

bool LabelReader::append_value(std::string_view cell, const std::string& where, TaskRows& rows) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
    problem_(where + "\"" + shortened_to(printable(cell), kLongestShown) + "\" is not a number");
    return false;
  }
  if (!record_.value_range.contains(value)) {
    outside_ = ++outside_count_ == 1
                   ? Range{.low = value, .high = value}
                   : Range{.low = std::min(outside_.low, value), .high = std::max(outside_.high, value)};
    if (outside_count_ == 1) {
      problem_(where + std::string(cell) + " is outside the record's \"range\", " + describe(record_.value_range));
    }
    return false;
  }
  const auto kept = static_cast<float>(value);
  if (!std::isfinite(kept)) {
    problem_(where + std::string(cell) + " is too large for a 32-bit float");
    return false;
  }
  rows.values.push_back(kept);
  return true;
}

}  // namespace infomtl::data

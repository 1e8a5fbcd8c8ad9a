#include <cstddef>
#include <string>
#include <vector>

#include "infomtl/runs/results.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr std::size_t kMostInMatrix = 12;  // a wider one fits no terminal

std::string scores_of_classes(const ClassReport& report) {
  TextTable table({"class", "precision", "recall", "f1", "rows"}, 1);
  for (std::size_t c = 0; c < report.labels.size(); ++c) {
    const LabelCounts& label = report.counts[c];
    table.add({report.labels[c], score_text(label.precision(), true), score_text(label.recall(), true),
               score_text(label.f1(), true), std::to_string(report.support(c))});
  }
  return table.text();
}

/// Rows are gold, columns predicted.
std::string confusion_table(const ClassReport& report) {
  const std::size_t classes = report.labels.size();
  bool unanswered = false;
  for (const auto& [cell, count] : report.confusion) unanswered = unanswered || cell.second == classes;
  std::vector<std::string> head = {"taken for"};
  head.insert(head.end(), report.labels.begin(), report.labels.end());
  if (unanswered) head.emplace_back("(nothing)");
  TextTable table(head, 1);
  for (std::size_t gold = 0; gold < classes; ++gold) {
    std::vector<std::string> row = {report.labels[gold]};
    for (std::size_t predicted = 0; predicted + 1 < head.size(); ++predicted) {
      const auto found = report.confusion.find({gold, predicted});
      row.push_back(std::to_string(found == report.confusion.end() ? 0 : found->second));
    }
    table.add(std::move(row));
  }
  return table.text();
}

}  // namespace

std::string Results::class_tables() const {
  std::string text;
  for (const auto& [name, task] : tasks) {
    for (const auto& [split, report] : task.classes) {
      text += (text.empty() ? "" : "\n") + name + ", " + split + "\n" + scores_of_classes(report);
      if (!report.confusion.empty() && report.labels.size() <= kMostInMatrix) text += "\n" + confusion_table(report);
    }
  }
  return text;
}

}  // namespace infomtl

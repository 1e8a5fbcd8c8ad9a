#include <map>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/metrics/class_report.h"
#include "report/html.h"
#include "report/matrix_table.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

constexpr std::size_t kMostClasses = 20;

/// What was taken for what in one split, added up over the runs of a method; empty where it is not known.
ClassReport added_up(const MethodRuns& method, const std::string& task, const std::string& split) {
  ClassReport sum;
  for (const RunRecord& run : method.runs) {
    if (!run.results) continue;
    for (const auto& [name, result] : run.results->tasks) {
      const auto found = result.classes.find(split);
      if (name != task || found == result.classes.end()) continue;
      if (sum.empty()) sum.labels = found->second.labels;
      if (sum.labels != found->second.labels) return {};
      for (const auto& [cell, count] : found->second.confusion) sum.confusion[cell] += count;
    }
  }
  return sum;
}

std::string confusion_html(const std::string& task, const std::string& split, const ClassReport& report) {
  const std::size_t classes = report.labels.size();
  std::vector<std::vector<double>> shares(classes, std::vector<double>(classes, 0.0));
  std::vector<double> rows(classes, 0.0);
  for (const auto& [cell, count] : report.confusion) rows[cell.first] += static_cast<double>(count);
  for (const auto& [cell, count] : report.confusion) {
    if (cell.second < classes) shares[cell.first][cell.second] = static_cast<double>(count) / rows[cell.first];
  }
  return matrix_table_html(task + ", " + split + ": share of a class (row) that was taken for each", report.labels,
                           shares, 1);
}

}  // namespace

std::string classes_section(const ReportPart& part, const SectionPlace& place) {
  if (part.methods.size() != 1) return "";  // of several, there would be more matrices than anyone reads
  const MethodRuns& method = part.methods.front();
  std::vector<std::string> tasks;
  for (const RunRecord& run : method.runs) {
    if (!run.results || !tasks.empty()) continue;
    for (const auto& [name, result] : run.results->tasks) tasks.push_back(name);
  }
  std::string matrices;
  for (const std::string& task : tasks) {
    for (const char* split : {"test", "validation"}) {
      const ClassReport report = added_up(method, task, split);
      if (report.confusion.empty() || report.labels.size() > kMostClasses) continue;
      matrices += confusion_html(task, split, report);
      break;
    }
  }
  if (matrices.empty()) return "";
  return html_section(
      place.id + "classes", "Which classes are taken for which", place.level,
      html_paragraph("How to read it: rows are the gold labels, columns the answers; the diagonal is the "
                     "recall of each class.") +
          "<div class='matrices'>" + matrices + "</div>\n");
}

}  // namespace infomtl::report

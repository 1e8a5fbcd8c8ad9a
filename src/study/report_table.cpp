#include "study/report_table.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "infomtl/core/counted.h"
#include "infomtl/core/utf8.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr std::size_t kNoteWidth = 110;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string joined_as(std::vector<std::string> parts, const std::string& between,
                      const std::function<std::string(const std::string&)>& change) {
  std::transform(parts.begin(), parts.end(), parts.begin(), change);
  return joined(parts, between);
}

std::string markdown_text(const std::string& text) { return replaced(replaced(text, "|", "\\|"), "+-", "±"); }

std::string latex_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\\':
        escaped += "\\textbackslash{}";
        break;
      case '~':
        escaped += "\\textasciitilde{}";
        break;
      case '^':
        escaped += "\\textasciicircum{}";
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += c;
    }
  }
  return replaced(std::move(escaped), "+-", "$\\pm$");
}

/// A cell with numbers: its signs are signs, not hyphens. A lone "-" stays one.
std::string latex_number(const std::string& cell) {
  std::string text = latex_text(cell);
  if (text.size() > 1 && (text.front() == '-' || text.front() == '+'))
    text = std::string("$") + text[0] + "$" + text.substr(1);
  return text;
}

std::string latex_table(const ReportTable& table) {
  const std::string columns = std::string(table.words, 'l') + std::string(table.head.size() - table.words, 'r');
  std::string caption = table.title;
  for (const std::string& note : table.notes) caption += ". " + note;
  std::string text = "\\begin{table}\n\\centering\n\\caption{" + latex_text(caption) + "}\n\\begin{tabular}{" +
                     columns + "}\n\\toprule\n" + joined_as(table.head, " & ", latex_text) + " \\\\\n\\midrule\n";
  for (const auto& row : table.rows) text += joined_as(row, " & ", latex_number) + " \\\\\n";
  return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n";
}

}  // namespace

std::string text_of(const std::vector<ReportTable>& tables, std::size_t width) {
  std::string text;
  for (const ReportTable& table : tables) {
    TextTable columns(table.head, table.words);
    for (const auto& row : table.rows) columns.add(row);
    text += (text.empty() ? "" : "\n") + wrapped(table.title, width) + columns.text(width);
    for (const std::string& note : table.notes) text += wrapped(note, std::min(kNoteWidth, width));
  }
  return text;
}

std::string markdown_of(const std::vector<ReportTable>& tables) {
  std::string text;
  for (const ReportTable& table : tables) {
    text += (text.empty() ? "**" : "\n**") + markdown_text(table.title) + "**\n\n| " +
            joined_as(table.head, " | ", markdown_text) + " |\n|";
    for (std::size_t c = 0; c < table.head.size(); ++c) text += c < table.words ? "---|" : "---:|";
    text += "\n";
    for (const auto& row : table.rows) text += "| " + joined_as(row, " | ", markdown_text) + " |\n";
    for (const std::string& note : table.notes) text += "\n" + markdown_text(note) + "\n";
  }
  return text;
}

std::string latex_of(const std::vector<ReportTable>& tables) {
  std::string text;
  for (const ReportTable& table : tables) text += (text.empty() ? "" : "\n") + latex_table(table);
  return text;
}

}  // namespace infomtl

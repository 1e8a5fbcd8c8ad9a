#pragma once
// Report table: rows of text under a heading, with notes below, for the terminal, for Markdown and for LaTeX.
//
//   ReportTable table{.title = "scores", .head = {"method", "hate"}, .rows = {{"EW", "49.10 +- 1.05"}}};
//   std::puts(markdown_of({table}).c_str());

#include <cstddef>
#include <string>
#include <vector>

namespace infomtl {

struct ReportTable {
  std::string title;
  std::vector<std::string> head = {};
  std::vector<std::vector<std::string>> rows = {};
  std::vector<std::string> notes = {};  ///< a sentence each
  std::size_t words = 1;                ///< the first so many columns hold words, the others numbers
};

/// "+-" in cells and notes is the sign for plus or minus, where the format has one.
/// @param width  of lines; wider tables come in blocks of columns
std::string text_of(const std::vector<ReportTable>& tables, std::size_t width = std::string::npos);
std::string markdown_of(const std::vector<ReportTable>& tables);
/// A `table` environment each, for a document that uses booktabs.
std::string latex_of(const std::vector<ReportTable>& tables);

}  // namespace infomtl

#pragma once
// HTML: the elements that a report's page is made of. What is called "html" is markup already; everything else is plain
// text and is escaped here.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infomtl::report {

/// A name that came from a file or a folder: escaped, and kept from turning the direction of what stands around it.
std::string html_name(std::string_view text);
std::string html_paragraph(std::string_view text, std::string_view css_class = "");
/// A section with a heading that the page's list of contents links to; "" for an empty body.
std::string html_section(std::string_view id, std::string_view heading, int level, std::string_view body_html);
/// Panels side by side under one caption; "" without panels.
std::string html_figure(std::string_view caption, const std::vector<std::string>& panels_html);
/// One panel of a figure, its title above it.
std::string html_panel(std::string_view title, std::string_view picture_html);

/// A table that scrolls in its own box where the page is narrow; its first column is the rows' heading.
class HtmlTable {
 public:
  HtmlTable(std::string caption, std::vector<std::string> head_html)
      : caption_(std::move(caption)), head_(std::move(head_html)) {}
  /// @param css_class  of the row, or ""
  void add(std::vector<std::string> cells_html, std::string css_class = "");
  bool empty() const { return rows_.empty(); }
  /// The first `words` columns hold words, the others numbers; "" without rows.
  std::string html(std::size_t words = 1) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string css_class;
  };
  std::string caption_;
  std::vector<std::string> head_;
  std::vector<Row> rows_;
};

struct PlainTable;  // score_format.h
/// The plain table as markup; everything in it is plain text. "" without rows.
std::string plain_table_html(const PlainTable& table, std::size_t words);

}  // namespace infomtl::report

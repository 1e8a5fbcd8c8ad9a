#include "report/html.h"

#include <utility>

#include "infomtl/core/svg.h"
#include "report/score_format.h"

namespace infomtl::report {

std::string html_name(std::string_view text) { return "<bdi>" + escaped(text) + "</bdi>"; }

std::string html_paragraph(std::string_view text, std::string_view css_class) {
  std::string open = "<p";
  if (!css_class.empty()) open.append(" class='").append(css_class).append("'");
  return open + ">" + escaped(text) + "</p>\n";
}

std::string html_section(std::string_view id, std::string_view heading, int level, std::string_view body_html) {
  if (body_html.empty()) return "";
  const std::string tag = "h" + std::to_string(level);
  std::string out = "<section id='" + escaped(id) + "'><" + tag + ">" + html_name(heading) + "</" + tag + ">\n";
  return out.append(body_html).append("</section>\n");
}

std::string html_figure(std::string_view caption, const std::vector<std::string>& panels_html) {
  std::string panels;
  for (const std::string& panel : panels_html) panels += panel;
  if (panels.empty()) return "";
  return "<figure><div class='panels'>\n" + panels + "</div><figcaption>" + escaped(caption) +
         "</figcaption></figure>\n";
}

std::string html_panel(std::string_view title, std::string_view picture_html) {
  std::string out = "<div class='panel'><h4>" + html_name(title) + "</h4>\n";
  return out.append(picture_html).append("</div>\n");
}

void HtmlTable::add(std::vector<std::string> cells_html, std::string css_class) {
  rows_.push_back({std::move(cells_html), std::move(css_class)});
}

std::string HtmlTable::html(std::size_t words) const {
  if (rows_.empty()) return "";
  const auto opened = [&](std::string tag, std::size_t column, const char* scope) {
    std::string attributes = scope == nullptr ? "" : std::string(" scope='") + scope + "'";
    if (column >= words) attributes += " class='number'";
    return "<" + tag + attributes + ">";
  };
  std::string out = "<div class='scroll' role='region' tabindex='0' aria-label='" + escaped(caption_) +
                    "'><table><caption><span>" + escaped(caption_) + "</span></caption>\n<thead><tr>";
  for (std::size_t i = 0; i < head_.size(); ++i) out += opened("th", i, "col") + head_[i] + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows_) {
    out += row.css_class.empty() ? "<tr>" : "<tr class='" + row.css_class + "'>";
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      out +=
          i == 0 ? opened("th", i, "row") + row.cells[i] + "</th>" : opened("td", i, nullptr) + row.cells[i] + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string plain_table_html(const PlainTable& table, std::size_t words) {
  std::vector<std::string> head;
  for (const std::string& cell : table.head) head.push_back(html_name(cell));
  HtmlTable html(table.caption, head);
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(html_name(cell));
    html.add(std::move(cells));
  }
  return html.html(words);
}

}  // namespace infomtl::report

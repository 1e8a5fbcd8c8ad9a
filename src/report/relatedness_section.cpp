#include <algorithm>
#include <cmath>

#include "infomtl/core/utf8.h"
#include "infomtl/runs/text_table.h"
#include "report/curve.h"
#include "report/html.h"
#include "report/matrix_table.h"
#include "report/relatedness_table.h"
#include "report/sections.h"

namespace infomtl::report {
std::string relatedness_section(const RelatednessRecord& record, const SectionPlace& place) {
  std::string matrices;
  for (const TaskMeasure& measure : record.measures) {
    double largest = 0;
    for (const auto& row : measure.values) {
      for (const double value : row) {
        if (is_drawable(value)) largest = std::max(largest, std::abs(value));
      }
    }
    const std::string caption = measure.name + ": " + measure.meaning +
                                (measure.directed ? "; rows give, columns receive" : "") + "; from " + measure.source;
    matrices +=
        matrix_table_html(printable(caption), record.tasks, measure.values, largest, digits_of_measure(measure));
  }
  std::string body;
  if (!matrices.empty()) {
    body = html_paragraph(
               "How to read it: a cell is a pair of tasks; orange is above zero (alike, or helpful), blue below (in "
               "conflict, or "
               "harmful), deeper with size in each table for itself.") +
           "<div class='matrices'>" + matrices + "</div>\n";
  }
  body += plain_table_html(agreement_table(record), 2) + plain_table_html(group_table(record), 1);
  for (const std::string& line : record.left_out) body += html_paragraph("Left out: " + line, "fine");
  const std::string heading = "How the tasks relate" + (record.title.empty() ? "" : ": " + record.title);
  return html_section(place.id + "relatedness", heading, place.level, body);
}

}  // namespace infomtl::report

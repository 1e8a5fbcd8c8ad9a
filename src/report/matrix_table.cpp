#include "report/matrix_table.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/svg.h"
#include "infomtl/runs/text_table.h"
#include "report/curve.h"
#include "report/html.h"

namespace infomtl::report {

std::string matrix_table_html(const std::string& caption, const std::vector<std::string>& names,
                              const std::vector<std::vector<double>>& values, double largest, int digits) {
  std::string out = "<div class='scroll' role='region' tabindex='0' aria-label='" + escaped(caption) +
                    "'><table class='matrix'><caption><span>" + escaped(caption) +
                    "</span></caption>\n<thead><tr><td></td>";
  for (const std::string& name : names) out += "<th scope='col'>" + html_name(name) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t row = 0; row < values.size(); ++row) {
    out += "<tr><th scope='row'>" + html_name(names[row]) + "</th>";
    for (const double value : values[row]) {
      if (!is_drawable(value)) {
        out += "<td class='number'>-</td>";
        continue;
      }
      const double depth = largest > 0 ? std::min(1.0, std::abs(value) / largest) : 0;
      out += std::string("<td class='number' style='background:rgba(") + (value < 0 ? "0,114,178," : "230,130,0,") +
             fixed(0.6 * depth, 2) + ")'>" + fixed(value, digits) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace infomtl::report

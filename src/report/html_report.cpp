#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/svg.h"
#include "infomtl/report/report.h"
#include "report/html.h"
#include "report/page_style.h"
#include "report/part_curves.h"
#include "report/report_folder.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

/// Room on the page: points of curves altogether. A point of a line with a band takes about 30 bytes.
constexpr std::size_t kPointsOfPage = 40000;
constexpr std::size_t kFewestPoints = 16, kMostPoints = 240;

std::size_t count_of_curves(const ReportFolder& report) {
  std::size_t curves = 0;
  for (const ReportPart& part : report.parts) curves += count_curves(part);
  return curves;
}

/// Where a page's links lead: the sections that a part has.
using Contents = std::vector<std::pair<std::string, std::string>>;  // id, heading

/// The ids and headings of sections as html_section() wrote them.
Contents contents_of(const std::string& html) {
  Contents found;
  const std::string open = "<section id='";
  for (std::size_t at = html.find(open); at != std::string::npos; at = html.find(open, at + 1)) {
    const std::size_t id = at + open.size(), end = html.find('\'', id), begin = html.find("><h", end) + 5;
    found.emplace_back(html.substr(id, end - id), html.substr(begin, html.find("</h", begin) - begin));
  }
  return found;
}

std::string part_html(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  std::string out;
  for (const std::string& notice : part.notices) out += html_paragraph(notice, "notice");
  out += scores_section(part, place) + effects_section(part, place) + search_section(part, place);
  out += learning_section(part, place, most_points) + losses_section(part, place, most_points);
  out += gradients_section(part, place, most_points) + weights_section(part, place, most_points);
  out += information_section(part, place, most_points) + information_plane_section(part, place, most_points);
  out += diagnostics_section(part, place, most_points) + representation_section(part, place);
  out += classes_section(part, place) + similarity_section(part, place) + settings_section(part, place);
  return out + environment_section(part, place) + runs_section(part, place);
}

/// Links to all sections; of many parts, such as the cells of a comparison, to the parts alone.
std::string navigation(const std::string& body) {
  constexpr std::ptrdiff_t kMostPartsListedWhole = 6;
  const auto is_part = [](const auto& section) { return section.first.starts_with("part-"); };
  const Contents contents = contents_of(body);
  const bool many = std::count_if(contents.begin(), contents.end(), is_part) > kMostPartsListedWhole;
  std::string out = "<nav aria-label='contents'><ul>\n";
  bool within_part = false;
  for (const auto& section : contents) {
    within_part = within_part || is_part(section);
    if (many && within_part && !is_part(section)) continue;
    out += std::string("<li") + (is_part(section) ? " class='part'" : "") + "><a href='#" + section.first + "'>" +
           section.second + "</a></li>\n";
  }
  return out + "</ul></nav>\n";
}

std::string page_of(const ReportFolder& report) {
  const std::size_t curves = count_of_curves(report);  // share the page's room
  const std::size_t most_points =
      std::clamp(kPointsOfPage / std::max<std::size_t>(1, curves), kFewestPoints, kMostPoints);
  const std::string thinned = "Curves of more than " + std::to_string(most_points) +
                              " points are thinned to so many; a point is then the mean over a stretch of steps.";
  std::string body;
  if (report.cells) body += cells_section(*report.cells, {.id = "all-", .level = 2});
  for (std::size_t i = 0; i < report.relatedness.size(); ++i) {
    body += relatedness_section(report.relatedness[i], {.id = "r" + std::to_string(i) + "-", .level = 2});
  }
  for (std::size_t i = 0; i < report.parts.size(); ++i) {
    const ReportPart& part = report.parts[i];
    const std::string number = std::to_string(i);
    if (part.title.empty()) {
      body += part_html(part, {.id = "p" + number + "-", .level = 2}, most_points);
    } else {
      body += html_section("part-" + number, part.title, 2,
                           part_html(part, {.id = "p" + number + "-", .level = 3}, most_points));
    }
  }
  const std::string title = escaped(report.title);
  return "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n<meta name='viewport' "
         "content='width=device-width,initial-scale=1'>\n<meta name='generator' content='infomtl report'>\n<link "
         "rel='icon' href='data:,'>\n<title>" +
         title + " - infomtl report</title>\n<style>" + kPageStyle + "</style>\n</head>\n<body>\n<header>\n<h1>" +
         html_name(report.title) + "</h1>\n" + html_paragraph(report.kind) +
         (curves > 0 ? html_paragraph(thinned, "fine") : "") + "</header>\n" + navigation(body) + "<main>\n" + body +
         "</main>\n</body>\n</html>\n";
}

}  // namespace
}  // namespace infomtl::report

namespace infomtl {

std::string html_report(const std::filesystem::path& folder) {
  return report::page_of(report::read_report_folder(folder));
}

}  // namespace infomtl

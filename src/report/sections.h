#pragma once
// Sections of a report's page, each "" where the part has nothing to show in it. All give markup.

#include <cstddef>
#include <string>

#include "report/report_folder.h"

namespace infomtl::report {

/// Before the ids of a part's sections, so that they are unique on a page: "p0-".
struct SectionPlace {
  std::string id;
  int level = 2;  ///< of the sections' headings
};

/// The methods with their colours, dashes and numbers.
std::string legend_html(const ReportPart& part);

std::string scores_section(const ReportPart& part, const SectionPlace& place);
std::string effects_section(const ReportPart& part, const SectionPlace& place);
/// Averages over the cells of a comparison.
std::string cells_section(const ComparisonRecord& cells, const SectionPlace& place);
std::string search_section(const ReportPart& part, const SectionPlace& place);

std::string relatedness_section(const RelatednessRecord& record, const SectionPlace& place);

/// @param most_points  of each curve
std::string learning_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);
std::string losses_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);
std::string gradients_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);
std::string weights_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);
std::string information_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);
std::string information_plane_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);
std::string diagnostics_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points);

std::string representation_section(const ReportPart& part, const SectionPlace& place);
/// Of one method alone: confusion matrices, added up over its runs.
std::string classes_section(const ReportPart& part, const SectionPlace& place);
std::string similarity_section(const ReportPart& part, const SectionPlace& place);
std::string settings_section(const ReportPart& part, const SectionPlace& place);
std::string environment_section(const ReportPart& part, const SectionPlace& place);
std::string runs_section(const ReportPart& part, const SectionPlace& place);

}  // namespace infomtl::report

#pragma once
// Report: a folder of runs as one page for a browser, or as text for a terminal.
//
//   write_file_atomically("main.html", html_report("runs/main"));
//   std::fputs(text_report("runs/main").c_str(), stdout);
//
// The folder is what train, compare or search wrote: one run, the seeds of one config, a comparison, a search, or a
// folder that holds such; beside them, what relatedness wrote. What it is is told by its files (results.json and
// log.jsonl, summary.json, comparison.json, search.json, relatedness.json), and the report says what was found. Runs that
// are not finished are shown as far as their log goes; a single run of several that cannot be read is named with the
// reason, and the others are shown.

#include <cstddef>
#include <filesystem>
#include <string>

#include "infomtl/core/export.h"

namespace infomtl {

/// A page of HTML that needs nothing beside it: no network, no script, no other file.
/// @throws UserError when the folder holds nothing that a report shows; IoError; FormatError and ConfigError naming file
/// and field of a comparison, a search or the only run that cannot be read
INFOMTL_API std::string html_report(const std::filesystem::path& folder);

/// The tables, and curves as lines of block characters (UTF-8).
/// @param columns  width of the terminal in characters; below 40 counts as 40
/// @throws as html_report
INFOMTL_API std::string text_report(const std::filesystem::path& folder, std::size_t columns = 80);

}  // namespace infomtl

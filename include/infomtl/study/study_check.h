#pragma once
// Study check: the dry run of whatever a config asks for, a run, a comparison or a search.
//
//   const ConfigReport report = check_file("configs/experiments/quick_comparison.json");
//   std::fputs(report.text().c_str(), stdout);

#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/runs/config_check.h"

namespace infomtl {

/// As check_config(); of a comparison or a search, its own fields and the config of every run that it would train, with
/// each problem once. Data and model are described as the first of them has them.
INFOMTL_API ConfigReport check_file(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

}  // namespace infomtl

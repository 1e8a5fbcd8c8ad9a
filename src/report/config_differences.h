#pragma once
// Config differences: in which settings the methods of a report differ.

#include <map>
#include <string>
#include <vector>

#include "infomtl/core/json.h"
#include "report/report_folder.h"

namespace infomtl::report {

/// Every value of a config by its path. Elements of a list that have names go by them: "losses/simax/weight". A name, a
/// description and the seed are no settings and are left out.
std::map<std::string, std::string> settings_of(const Json& config);

/// One setting in which a method's runs differ from the first method's (the baseline's where there is one).
struct ConfigDifference {
  std::string method, setting;
  std::string value, reference;  ///< as JSON; "not set" where the config lacks it, several where its own runs differ
};

std::vector<ConfigDifference> config_differences(const ReportPart& part);

}  // namespace infomtl::report

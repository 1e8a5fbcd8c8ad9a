#pragma once
// Matrix table: a heat map that is a table, so that it can be read aloud, copied and printed. The numbers stand in the
// cells; colour only helps to find the large ones.

#include <string>
#include <vector>

namespace infomtl::report {

/// @param values  [rows][columns], NaN for what is not there; blue below zero, orange above, deeper with size up to
/// `largest`
/// @param digits  after the point
std::string matrix_table_html(const std::string& caption, const std::vector<std::string>& names,
                              const std::vector<std::vector<double>>& values, double largest, int digits = 2);

}  // namespace infomtl::report

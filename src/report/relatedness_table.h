#pragma once
// Relatedness tables: a relatedness.json as plain tables, for the page and the terminal.

#include "report/relatedness_record.h"
#include "report/score_format.h"

namespace infomtl::report {

PlainTable measure_table(const RelatednessRecord& record, const TaskMeasure& measure);
/// Without rows where no two measures can be compared.
PlainTable agreement_table(const RelatednessRecord& record);
/// Without rows where no groups are suggested.
PlainTable group_table(const RelatednessRecord& record);

}  // namespace infomtl::report

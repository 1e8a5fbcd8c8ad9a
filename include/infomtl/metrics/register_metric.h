#pragma once
// Registering a metric of one's own under a name that task records use.
//
//   INFOMTL_REGISTER_METRIC("error_rate", ErrorRate, "share of wrong rows")

#include "infomtl/core/config.h"
#include "infomtl/metrics/metric.h"

#define INFOMTL_METRIC_NAME_2(line) infomtl_metric_registered_##line
#define INFOMTL_METRIC_NAME(line) INFOMTL_METRIC_NAME_2(line)
/// Registers a metric of the user's own program, at namespace scope of any linked object file.
#define INFOMTL_REGISTER_METRIC(name, Class, summary)                     \
  [[maybe_unused]] static const bool INFOMTL_METRIC_NAME(__LINE__) = [] { \
    ::infomtl::metric_registry().set_origin("program");                   \
    ::infomtl::metric_registry().add<Class>(name, summary);               \
    ::infomtl::metric_registry().set_origin("infomtl");                   \
    return true;                                                          \
  }();

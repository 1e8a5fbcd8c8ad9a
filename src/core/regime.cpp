#include "infomtl/core/regime.h"

#include "infomtl/core/errors.h"

namespace infomtl {

std::string name_of(Regime regime) { return regime == Regime::joint ? "joint" : "alternating"; }

Regime regime_named(std::string_view name) {
  for (const Regime regime : {Regime::alternating, Regime::joint}) {
    if (name == name_of(regime)) return regime;
  }
  throw UnknownNameError("unknown regime \"" + std::string(name) + "\"" + did_you_mean(name, {"alternating", "joint"}));
}

}  // namespace infomtl

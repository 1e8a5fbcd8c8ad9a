#pragma once
// Regime: which tasks a step trains. "alternating" takes turns (Hu et al., AAAI 2025), "joint" has every task in every
// step, which methods that compare the tasks of one step need.
//
//   BatchingSettings settings{.batch_size = 32, .regime = Regime::joint};
//   regime_named("joint") == Regime::joint;  name_of(Regime::joint) == "joint";

#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

enum class Regime {
  alternating,  ///< one task per step, chosen by the sampler
  joint,        ///< one batch of every task per step
};

/// The word that configs have for it.
INFOMTL_API std::string name_of(Regime regime);
/// @throws UnknownNameError
INFOMTL_API Regime regime_named(std::string_view name);

}  // namespace infomtl

#pragma once
// Derivatives: how often the result of a packed operation can be differentiated.
//
//   Tensor y = ops::linear(x, weight, bias, owners);                           // once: the fast path
//   Tensor z = ops::linear(x, weight, bias, {}, ops::Derivatives::twice);      // plain tensor operations
//
// `once` has gradients of its own, writes them per task where owners say so, and refuses a gradient of its gradient.
// `twice` is a composition of ATen's operations with the same result and the same dropout masks, several times slower;
// it knows no owners: parameter gradients are ordinary ones.

#include "infomtl/core/export.h"

namespace infomtl::ops {

enum class Derivatives {
  once,   ///< gradients
  twice,  ///< gradients of gradients too: Hessian-vector products, penalties on gradients
};

/// For backward passes that compute gradients outside of autograd, where a gradient of such a gradient would be
/// silently wrong.
/// @throws StateError while autograd records (`create_graph`)
INFOMTL_API void refuse_second_derivative(const char* operation);

}  // namespace infomtl::ops

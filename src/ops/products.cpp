#include "ops/products.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace infomtl::ops {
namespace {

using OneDnnLinear = at::Tensor(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                std::string_view activation, c10::List<std::optional<at::Scalar>> scalars,
                                std::optional<std::string_view> algorithm);

// oneDNN's linear layer on ordinary tensors; null where LibTorch was built without it.
std::optional<c10::TypedOperatorHandle<OneDnnLinear>> find_one_dnn() {
  const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!found.has_value() || !at::globalContext().hasMKLDNN()) return {};
  return found->typed<OneDnnLinear>();
}

bool one_dnn_is_faster() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && !__builtin_cpu_is("intel");
#else
  return false;
#endif
}

}  // namespace

at::Tensor product_of_rows(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  static const auto one_dnn = one_dnn_is_faster() ? find_one_dnn() : std::nullopt;
  if (one_dnn.has_value() && a.device().is_cpu() && a.scalar_type() == at::kFloat && a.numel() > 0) {
    return one_dnn->call(a, b, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt, "none",
                         c10::List<std::optional<at::Scalar>>(), "");
  }
  return bias.defined() ? at::addmm(bias, a, b.t()) : at::mm(a, b.t());
}

}  // namespace infomtl::ops

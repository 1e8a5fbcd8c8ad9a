#include "ops/packed/products.h"

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

bool uses_one_dnn(const at::Tensor& a) {
  static const bool float32 = one_dnn_is_faster() && find_one_dnn().has_value();
  return a.device().is_cpu() && a.numel() > 0 &&
         (a.scalar_type() == at::kBFloat16 || (float32 && a.scalar_type() == at::kFloat));
}

at::Tensor multiply(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  static const auto one_dnn = find_one_dnn();
  if (a.scalar_type() == at::kFloat && uses_one_dnn(a)) {
    return one_dnn->call(a, b, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt, "none",
                         c10::List<std::optional<at::Scalar>>(), "");
  }
  return bias.defined() ? at::addmm(bias, a, b.t()) : at::mm(a, b.t());
}

// Sizes that products work on: few enough to be compiled once, near enough to what is wanted.
std::int64_t size_step(std::int64_t rows) { return rows < 512 ? 32 : 128; }
std::int64_t rounded_up(std::int64_t rows) {
  const std::int64_t step = size_step(rows);
  return (rows + step - 1) / step * step;
}

at::Tensor with_rows_of_zeros(const at::Tensor& a, std::int64_t rows) {
  if (rows == a.size(0)) return a;
  at::Tensor wider = at::zeros({rows, a.size(1)}, a.options());
  wider.narrow(0, 0, a.size(0)).copy_(a);
  return wider;
}

// a with rows added behind its last: where its storage has room, they are whatever lies there.
at::Tensor with_rows(const at::Tensor& a, std::int64_t rows) {
  const auto room = static_cast<std::int64_t>(a.storage().nbytes() / a.element_size()) - a.storage_offset();
  if (a.is_contiguous() && rows * a.size(1) <= room) return a.as_strided({rows, a.size(1)}, a.strides());
  return with_rows_of_zeros(a, rows);
}

}  // namespace

at::Tensor empty_rows(std::int64_t rows, std::int64_t width, const at::TensorOptions& options) {
  return at::empty({rounded_up(rows), width}, options).narrow(0, 0, rows);
}

at::Tensor empty_rows_like(const at::Tensor& x) {
  return x.dim() == 2 ? empty_rows(x.size(0), x.size(1), x.options()) : at::empty_like(x);
}

at::Tensor product_of_rows(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  if (!uses_one_dnn(a)) return multiply(a, b, bias);
  return multiply(with_rows(a, rounded_up(a.size(0))), b, bias).narrow(0, 0, a.size(0));
}

at::Tensor product_over_rows(const at::Tensor& a, const at::Tensor& b) {
  if (!uses_one_dnn(a)) return at::mm(a.t(), b);
  const std::int64_t rows = a.size(0), whole = rows / size_step(rows) * size_step(rows), rest = rows - whole;
  const auto product = [&](std::int64_t first, std::int64_t count) {
    const std::int64_t size = rounded_up(count);
    return multiply(with_rows_of_zeros(a.narrow(0, first, count), size).t(),
                    with_rows_of_zeros(b.narrow(0, first, count), size).t(), {});
  };
  if (whole == 0 || rest == 0) return product(0, rows);
  return product(0, whole).add_(product(whole, rest));
}

void add_product_over_rows(const at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) {
  if (uses_one_dnn(a) || a.scalar_type() != sum.scalar_type()) {
    sum.add_(product_over_rows(a, b));
  } else {
    sum.addmm_(a.t(), b);
  }
}

}  // namespace infomtl::ops

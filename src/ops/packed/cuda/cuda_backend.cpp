#include "ops/packed/cuda/cuda_backend.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>

#include "ops/packed/aten_backend.h"
#include "ops/packed/cuda/kernels.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using c10::cuda::CUDAGuard;
using c10::cuda::getCurrentCUDAStream;
using kernels::BFloat16;

// Sequences up to this length are attended to by our kernels, which multiply outside the tensor cores; longer ones by
// LibTorch's products. To be measured.
constexpr std::int64_t kLongestForKernels = 512;

std::int64_t longest_sequence(const at::Tensor& offsets) {
  const auto* begins = offsets.const_data_ptr<std::int32_t>();
  std::int64_t longest = 0;
  for (std::int64_t s = 0; s + 1 < offsets.size(0); ++s) {
    longest = std::max<std::int64_t>(longest, begins[s + 1] - begins[s]);
  }
  return longest;
}
std::int64_t width_of(const AttentionInput& in) { return in.first_token() ? in.query.size(1) : in.kv.size(1) / 3; }
bool by_kernels(const AttentionInput& in, std::int64_t longest) {
  return longest <= kLongestForKernels && width_of(in) / in.heads <= cuda::kWidestHead;
}
at::Tensor offsets_on_device(const AttentionInput& in) {
  if (in.device_offsets.defined()) return in.device_offsets;
  return in.offsets.to(in.kv.device(), /*non_blocking=*/true);
}

template <class T>
kernels::Attention<T> described(const AttentionInput& in, const at::Tensor& offsets) {
  const std::int64_t width = width_of(in);
  const T* keys = read_data<T>(in.kv) + (in.first_token() ? 0 : width);
  return {.sequences = offsets.size(0) - 1,
          .heads = in.heads,
          .head_width = width / in.heads,
          .key_offsets = offsets.const_data_ptr<std::int32_t>(),
          .first_token = in.first_token(),
          .query = in.first_token() ? read_data<T>(in.query) : read_data<T>(in.kv),
          .query_stride = in.first_token() ? in.query.size(1) : in.kv.size(1),
          .key = keys,
          .value = keys + width,
          .key_stride = in.kv.size(1),
          .dropout = in.pattern,
          .bias = in.bias.defined() ? read_data<float>(in.bias) : nullptr,
          .bias_stride = in.bias.defined() ? in.bias.size(1) : 0,
          .out = nullptr};
}

template <class T>
at::Tensor attention(const AttentionInput& in) {
  const std::int64_t longest = longest_sequence(in.offsets);
  if (!by_kernels(in, longest)) return aten_backend().attention(in);
  const CUDAGuard guard(in.kv.device());
  const at::Tensor offsets = offsets_on_device(in);
  const at::Tensor out = empty_rows(in.first_token() ? in.query.size(0) : in.kv.size(0), width_of(in), in.kv.options());
  kernels::Attention<T> attention = described<T>(in, offsets);
  attention.out = write_data<T>(out);
  C10_CUDA_CHECK(cuda::launch_attention(attention, longest, getCurrentCUDAStream()));
  return out;
}

template <class T>
void attention_gradient(const AttentionInput& in, const at::Tensor& gradient, const AttentionGradients& places) {
  const std::int64_t longest = longest_sequence(in.offsets);
  if (!by_kernels(in, longest)) {
    aten_backend().attention_gradient(in, gradient, places);
    return;
  }
  const CUDAGuard guard(in.kv.device());
  const at::Tensor offsets = offsets_on_device(in);
  const std::int64_t width = width_of(in), queries = gradient.size(0);
  const at::TensorOptions wide = gradient.options().dtype(at::kFloat);
  const at::Tensor statistics = at::empty({in.heads, queries, 3}, wide);
  const at::Tensor query_sums = longest > cuda::kTile ? at::empty({queries, width}, wide) : at::Tensor();
  const kernels::Attention<T> attention = described<T>(in, offsets);
  T* keys = write_data<T>(places.kv) + (in.first_token() ? 0 : width);
  const kernels::AttentionGradient<T> described_gradient = {
      .forward = attention,
      .gradient = read_data<T>(gradient),
      .query_gradient = in.first_token() ? write_data<T>(places.query) : write_data<T>(places.kv),
      .query_gradient_stride = attention.query_stride,
      .key_gradient = keys,
      .value_gradient = keys + width,
      .key_gradient_stride = attention.key_stride,
      .bias_gradient = places.bias.defined() ? write_data<float>(places.bias) : nullptr};
  const cuda::AttentionScratch scratch = {.statistics = write_data<float>(statistics),
                                          .query_sums = query_sums.defined() ? write_data<float>(query_sums) : nullptr};
  C10_CUDA_CHECK(cuda::launch_attention_gradient(described_gradient, scratch, getCurrentCUDAStream()));
}

template <class T>
Normed layer_norm(const NormInput& in) {
  const CUDAGuard guard(in.x.device());
  const std::int64_t rows = in.x.size(0);
  const bool residual = in.residual.defined();
  Normed n;
  n.out = empty_rows_like(in.x);
  n.sum = residual ? empty_rows_like(in.x) : in.x;
  n.mean = at::empty({rows}, in.weight.options());
  n.inverse_deviation = at::empty({rows}, in.weight.options());
  const kernels::ResidualNorm<T> norm = {.rows = rows,
                                         .width = in.x.size(1),
                                         .x = read_data<T>(in.x),
                                         .residual = residual ? read_data<T>(in.residual) : nullptr,
                                         .dropout = in.pattern,
                                         .weight = read_data<float>(in.weight),
                                         .bias = read_data<float>(in.bias),
                                         .epsilon = in.epsilon,
                                         .sum = residual ? write_data<T>(n.sum) : nullptr,
                                         .mean = write_data<float>(n.mean),
                                         .inverse_deviation = write_data<float>(n.inverse_deviation),
                                         .out = write_data<T>(n.out)};
  C10_CUDA_CHECK(cuda::launch_residual_norm(norm, getCurrentCUDAStream()));
  return n;
}

template <class T>
void layer_norm_gradient(const at::Tensor& gradient, const Normed& n, const at::Tensor& weight,
                         const DropoutPattern& pattern, RowRange range, const NormGradients& places) {
  const CUDAGuard guard(gradient.device());
  const std::int64_t width = gradient.size(1), begin = range.begin, rows = range.end - begin, shift = begin * width;
  const at::Tensor parts = at::empty({cuda::norm_parts(rows), 2 * width}, weight.options());
  const kernels::ResidualNormGradient<T> norm = {
      .rows = rows,
      .width = width,
      .gradient = read_data<T>(gradient) + shift,
      .sum = read_data<T>(n.sum) + shift,
      .mean = read_data<float>(n.mean) + begin,
      .inverse_deviation = read_data<float>(n.inverse_deviation) + begin,
      .weight = read_data<float>(weight),
      .dropout = pattern,
      .first_row = begin,
      .sum_gradient = write_data<T>(places.sum) + shift,
      .x_gradient = pattern.drops() ? write_data<T>(places.x) + shift : nullptr,
      .weight_gradient = write_data<float>(places.weight),
      .bias_gradient = write_data<float>(places.bias)};
  C10_CUDA_CHECK(cuda::launch_residual_norm_gradient(norm, write_data<float>(parts), getCurrentCUDAStream()));
}

template <class T>
at::Tensor dropout(const at::Tensor& x, const DropoutPattern& pattern) {
  const CUDAGuard guard(x.device());
  const at::Tensor out = empty_rows_like(x);
  const std::int64_t width = x.dim() == 0 ? 1 : x.size(-1);
  const kernels::DropoutRows<T> rows = {.rows = width == 0 ? 0 : x.numel() / width,
                                        .width = width,
                                        .x = read_data<T>(x),
                                        .dropout = pattern,
                                        .out = write_data<T>(out)};
  C10_CUDA_CHECK(cuda::launch_dropout(rows, getCurrentCUDAStream()));
  return out;
}

template <class T>
at::Tensor gelu(const at::Tensor& x) {
  const CUDAGuard guard(x.device());
  const at::Tensor out = empty_rows_like(x);
  const kernels::Gelu<T> gelu = {
      .count = x.numel(), .x = read_data<T>(x), .gradient = nullptr, .out = write_data<T>(out)};
  C10_CUDA_CHECK(cuda::launch_gelu(gelu, getCurrentCUDAStream()));
  return out;
}

template <class T>
void gelu_gradient(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& place) {
  const CUDAGuard guard(x.device());
  const kernels::Gelu<T> gelu = {
      .count = x.numel(), .x = read_data<T>(x), .gradient = read_data<T>(gradient), .out = write_data<T>(place)};
  C10_CUDA_CHECK(cuda::launch_gelu(gelu, getCurrentCUDAStream()));
}

// A stable sort keeps the order of rows that go to one place, so sums have one order and no atomics.
template <class T>
void add_rows(const at::Tensor& sums, const at::Tensor& places, const at::Tensor& rows) {
  const CUDAGuard guard(rows.device());
  const auto [sorted, order] = at::sort(places, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  const cuda::AddRows<T> add = {.rows = rows.size(0),
                                .width = rows.size(1),
                                .places = sorted.template const_data_ptr<std::int64_t>(),
                                .order = order.template const_data_ptr<std::int64_t>(),
                                .from = read_data<T>(rows),
                                .sums = write_data<T>(sums)};
  C10_CUDA_CHECK(cuda::launch_add_rows(add, getCurrentCUDAStream()));
}

template <class T>
constexpr PackedBackend kKernels = {.attention = attention<T>,
                                    .attention_gradient = attention_gradient<T>,
                                    .layer_norm = layer_norm<T>,
                                    .layer_norm_gradient = layer_norm_gradient<T>,
                                    .dropout = dropout<T>,
                                    .gelu = gelu<T>,
                                    .gelu_gradient = gelu_gradient<T>,
                                    .add_rows = add_rows<T>};

}  // namespace

const PackedBackend& cuda_float_backend() { return kKernels<float>; }
const PackedBackend& cuda_bfloat16_backend() { return kKernels<BFloat16>; }

}  // namespace infomtl::ops

#include "ops/packed/cuda/cuda_backend.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>

#include "infomtl/ops/device_copy.h"
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
bool by_kernels(const AttentionInput& in, std::int64_t longest) {
  return longest <= kLongestForKernels && width_of(in) / in.heads <= cuda::kWidestHead;
}
at::Tensor offsets_on_device(const AttentionInput& in) {
  if (in.device_offsets.defined()) return in.device_offsets;
  return copied_to(in.offsets, in.kv.device());
}

template <class T>
at::Tensor attention(const AttentionInput& in) {
  const std::int64_t longest = longest_sequence(in.offsets);
  if (!by_kernels(in, longest)) return aten_backend().attention(in);
  const CUDAGuard guard(in.kv.device());
  const at::Tensor offsets = offsets_on_device(in);
  const at::Tensor out = empty_rows(in.first_token() ? in.query.size(0) : in.kv.size(0), width_of(in), in.kv.options());
  kernels::Attention<T> attention = attention_arguments<T>(in, offsets);
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
  const std::int64_t queries = gradient.size(0);
  const at::TensorOptions wide = gradient.options().dtype(at::kFloat);
  const at::Tensor statistics = at::empty({in.heads, queries, 3}, wide);
  const at::Tensor query_sums = longest > cuda::kTile ? at::empty({queries, width_of(in)}, wide) : at::Tensor();
  const kernels::AttentionGradient<T> arguments =
      attention_gradient_arguments<T>(attention_arguments<T>(in, offsets), gradient, places);
  const cuda::AttentionScratch scratch = {.statistics = write_data<float>(statistics),
                                          .query_sums = query_sums.defined() ? write_data<float>(query_sums) : nullptr};
  C10_CUDA_CHECK(cuda::launch_attention_gradient(arguments, scratch, getCurrentCUDAStream()));
}

template <class T>
Normed layer_norm(const NormInput& in) {
  const CUDAGuard guard(in.x.device());
  Normed n = empty_normed(in);
  C10_CUDA_CHECK(cuda::launch_residual_norm(norm_arguments<T>(in, n), getCurrentCUDAStream()));
  return n;
}

template <class T>
void layer_norm_gradient(const at::Tensor& gradient, const Normed& n, const at::Tensor& weight,
                         const DropoutPattern& pattern, RowRange range, const NormGradients& places) {
  const CUDAGuard guard(gradient.device());
  const at::Tensor parts =
      at::empty({cuda::norm_parts(range.end - range.begin), 2 * gradient.size(1)}, weight.options());
  C10_CUDA_CHECK(
      cuda::launch_residual_norm_gradient(norm_gradient_arguments<T>(gradient, n, weight, pattern, range, places),
                                          write_data<float>(parts), getCurrentCUDAStream()));
}

template <class T>
at::Tensor dropout(const at::Tensor& x, const DropoutPattern& pattern) {
  const CUDAGuard guard(x.device());
  const at::Tensor out = empty_rows_like(x);
  C10_CUDA_CHECK(cuda::launch_dropout(dropout_arguments<T>(x, pattern, out), getCurrentCUDAStream()));
  return out;
}

template <class T>
at::Tensor gelu(const at::Tensor& x) {
  const CUDAGuard guard(x.device());
  const at::Tensor out = empty_rows_like(x);
  C10_CUDA_CHECK(cuda::launch_gelu(gelu_arguments<T>(x, {}, out), getCurrentCUDAStream()));
  return out;
}

template <class T>
void gelu_gradient(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& place) {
  const CUDAGuard guard(x.device());
  C10_CUDA_CHECK(cuda::launch_gelu(gelu_arguments<T>(x, gradient, place), getCurrentCUDAStream()));
}

template <class T>
at::Tensor embedding_sum(const std::vector<at::Tensor>& tables, const std::vector<at::Tensor>& ids) {
  if (tables.size() > cuda::kMostTables) return aten_backend().embedding_sum(tables, ids);
  const CUDAGuard guard(tables[0].device());
  const at::Tensor out = at::empty({ids[0].size(0), tables[0].size(1)}, tables[0].options());
  cuda::EmbeddingRows<T> rows = {.rows = out.size(0),
                                 .width = out.size(1),
                                 .tables = static_cast<int>(tables.size()),
                                 .table = {},
                                 .ids = {},
                                 .out = write_data<T>(out)};
  std::vector<at::Tensor> kept;  // as they are read, until the kernel is on its way
  for (std::size_t k = 0; k < tables.size(); ++k) {
    kept.push_back(tables[k].contiguous());
    rows.table[k] = read_data<T>(kept.back());
    kept.push_back(ids[k].contiguous());
    rows.ids[k] = kept.back().const_data_ptr<std::int64_t>();
  }
  C10_CUDA_CHECK(cuda::launch_embedding_sum(rows, getCurrentCUDAStream()));
  return out;
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
                                    .embedding_sum = embedding_sum<T>,
                                    .add_rows = add_rows<T>};

}  // namespace

const PackedBackend& cuda_float_backend() { return kKernels<float>; }
const PackedBackend& cuda_bfloat16_backend() { return kKernels<BFloat16>; }

}  // namespace infomtl::ops

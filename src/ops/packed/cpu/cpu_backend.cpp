#include "ops/packed/cpu/cpu_backend.h"

#include <ATen/ATen.h>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/plain.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using kernels::loops;

// The loops pass over sequences without tokens: the rows that one query per sequence has for them are zero.
void zero_rows_without_keys(const AttentionInput& in, const at::Tensor& rows) {
  if (!in.first_token()) return;
  const auto* begins = in.offsets.const_data_ptr<std::int32_t>();
  for (std::int64_t s = 0; s + 1 < in.offsets.size(0); ++s) {
    if (begins[s] == begins[s + 1]) rows[s].zero_();
  }
}

template <class T>
at::Tensor attention(const AttentionInput& in) {
  kernels::Attention<T> attention = attention_arguments<T>(in, in.offsets);
  at::Tensor out = empty_rows(in.first_token() ? in.query.size(0) : in.kv.size(0), width_of(in), in.kv.options());
  attention.out = write_data<T>(out);
  loops<T>().attention(attention);
  zero_rows_without_keys(in, out);
  return out;
}

template <class T>
void attention_gradient(const AttentionInput& in, const at::Tensor& gradient, const AttentionGradients& places) {
  // The loops read all of a sequence and head before they write of it what is read again.
  loops<T>().attention_gradient(
      attention_gradient_arguments<T>(attention_arguments<T>(in, in.offsets), gradient, places));
  zero_rows_without_keys(in, places.query);
}

template <class T>
Normed layer_norm(const NormInput& in) {
  Normed n = empty_normed(in);
  loops<T>().residual_norm(norm_arguments<T>(in, n));
  return n;
}

template <class T>
void layer_norm_gradient(const at::Tensor& gradient, const Normed& n, const at::Tensor& weight,
                         const DropoutPattern& pattern, RowRange range, const NormGradients& places) {
  loops<T>().residual_norm_gradient(norm_gradient_arguments<T>(gradient, n, weight, pattern, range, places));
}

template <class T>
at::Tensor dropout(const at::Tensor& x, const DropoutPattern& pattern) {
  at::Tensor out = empty_rows_like(x);
  loops<T>().dropout(dropout_arguments<T>(x, pattern, out));
  return out;
}

template <class T>
at::Tensor gelu(const at::Tensor& x) {
  at::Tensor out = empty_rows_like(x);
  loops<T>().gelu(gelu_arguments<T>(x, {}, out));
  return out;
}

template <class T>
void gelu_gradient(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& place) {
  loops<T>().gelu(gelu_arguments<T>(x, gradient, place));
}

template <class T>
void add_rows(const at::Tensor& sums, const at::Tensor& places, const at::Tensor& rows) {
  const std::int64_t width = rows.size(1);
  const auto* place = places.const_data_ptr<std::int64_t>();
  const auto* from = rows.const_data_ptr<T>();
  auto* const to = sums.mutable_data_ptr<T>();
  for (std::int64_t n = 0; n < rows.size(0); ++n, from += width) {
    T* const row = to + place[n] * width;
    for (std::int64_t j = 0; j < width; ++j) row[j] += from[j];
  }
}
void add_rows_by_index(const at::Tensor& sums, const at::Tensor& places, const at::Tensor& rows) {
  sums.index_add_(0, places, rows);
}

template <class T>
constexpr PackedBackend with_loops(decltype(PackedBackend::add_rows) add) {
  return {.attention = attention<T>,
          .attention_gradient = attention_gradient<T>,
          .layer_norm = layer_norm<T>,
          .layer_norm_gradient = layer_norm_gradient<T>,
          .dropout = dropout<T>,
          .gelu = gelu<T>,
          .gelu_gradient = gelu_gradient<T>,
          .embedding_sum = plain::embedding_sum,
          .add_rows = add};
}
constexpr PackedBackend kFloat = with_loops<float>(add_rows<float>);
constexpr PackedBackend kDouble = with_loops<double>(add_rows<double>);
constexpr PackedBackend kBFloat16 = with_loops<kernels::BFloat16>(add_rows_by_index);

}  // namespace

const PackedBackend& cpu_float_backend() { return kFloat; }
const PackedBackend& cpu_double_backend() { return kDouble; }
const PackedBackend& cpu_bfloat16_backend() { return kBFloat16; }

}  // namespace infomtl::ops

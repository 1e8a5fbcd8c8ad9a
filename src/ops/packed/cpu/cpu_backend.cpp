#include "ops/packed/cpu/cpu_backend.h"

#include <ATen/ATen.h>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using kernels::Compute;
using kernels::loops;

template <class T>
kernels::Attention<T> described(const AttentionInput& in) {
  const std::int64_t width = in.first_token() ? in.query.size(1) : in.kv.size(1) / 3;
  const T* keys = read_data<T>(in.kv) + (in.first_token() ? 0 : width);
  return {.sequences = in.offsets.size(0) - 1,
          .heads = in.heads,
          .head_width = width / in.heads,
          .key_offsets = in.offsets.const_data_ptr<std::int32_t>(),
          .first_token = in.first_token(),
          .query = in.first_token() ? read_data<T>(in.query) : read_data<T>(in.kv),
          .query_stride = in.first_token() ? in.query.size(1) : in.kv.size(1),
          .key = keys,
          .value = keys + width,
          .key_stride = in.kv.size(1),
          .dropout = in.pattern,
          .bias = in.bias.defined() ? read_data<Compute<T>>(in.bias) : nullptr,
          .bias_stride = in.bias.defined() ? in.bias.size(1) : 0,
          .out = nullptr};
}

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
  kernels::Attention<T> attention = described<T>(in);
  at::Tensor out = empty_rows(in.first_token() ? in.query.size(0) : in.kv.size(0),
                              attention.heads * attention.head_width, in.kv.options());
  attention.out = write_data<T>(out);
  loops<T>().attention(attention);
  zero_rows_without_keys(in, out);
  return out;
}

template <class T>
void attention_gradient(const AttentionInput& in, const at::Tensor& gradient, const AttentionGradients& places) {
  const kernels::Attention<T> attention = described<T>(in);
  const std::int64_t width = attention.heads * attention.head_width;
  // The loops read all of a sequence and head before they write of it what is read again.
  T* keys = write_data<T>(places.kv) + (in.first_token() ? 0 : width);
  loops<T>().attention_gradient(
      {.forward = attention,
       .gradient = read_data<T>(gradient),
       .query_gradient = in.first_token() ? write_data<T>(places.query) : write_data<T>(places.kv),
       .query_gradient_stride = attention.query_stride,
       .key_gradient = keys,
       .value_gradient = keys + width,
       .key_gradient_stride = attention.key_stride,
       .bias_gradient = places.bias.defined() ? write_data<Compute<T>>(places.bias) : nullptr});
  zero_rows_without_keys(in, places.query);
}

template <class T>
Normed layer_norm(const NormInput& in) {
  const std::int64_t rows = in.x.size(0), width = in.x.size(1);
  const bool residual = in.residual.defined();
  Normed n;
  n.out = empty_rows_like(in.x);
  n.sum = residual ? empty_rows_like(in.x) : in.x;
  n.mean = at::empty({rows}, in.weight.options());
  n.inverse_deviation = at::empty({rows}, in.weight.options());
  loops<T>().residual_norm({.rows = rows,
                            .width = width,
                            .x = read_data<T>(in.x),
                            .residual = residual ? read_data<T>(in.residual) : nullptr,
                            .dropout = in.pattern,
                            .weight = read_data<Compute<T>>(in.weight),
                            .bias = read_data<Compute<T>>(in.bias),
                            .epsilon = in.epsilon,
                            .sum = residual ? write_data<T>(n.sum) : nullptr,
                            .mean = write_data<Compute<T>>(n.mean),
                            .inverse_deviation = write_data<Compute<T>>(n.inverse_deviation),
                            .out = write_data<T>(n.out)});
  return n;
}

template <class T>
void layer_norm_gradient(const at::Tensor& gradient, const Normed& n, const at::Tensor& weight,
                         const DropoutPattern& pattern, RowRange range, const NormGradients& places) {
  const std::int64_t width = gradient.size(1), begin = range.begin, shift = begin * width;
  loops<T>().residual_norm_gradient({.rows = range.end - begin,
                                     .width = width,
                                     .gradient = read_data<T>(gradient) + shift,
                                     .sum = read_data<T>(n.sum) + shift,
                                     .mean = read_data<Compute<T>>(n.mean) + begin,
                                     .inverse_deviation = read_data<Compute<T>>(n.inverse_deviation) + begin,
                                     .weight = read_data<Compute<T>>(weight),
                                     .dropout = pattern,
                                     .first_row = begin,
                                     .sum_gradient = write_data<T>(places.sum) + shift,
                                     .x_gradient = pattern.drops() ? write_data<T>(places.x) + shift : nullptr,
                                     .weight_gradient = write_data<Compute<T>>(places.weight),
                                     .bias_gradient = write_data<Compute<T>>(places.bias)});
}

template <class T>
at::Tensor dropout(const at::Tensor& x, const DropoutPattern& pattern) {
  at::Tensor out = empty_rows_like(x);
  const std::int64_t width = x.dim() == 0 ? 1 : x.size(-1);
  loops<T>().dropout({.rows = width == 0 ? 0 : x.numel() / width,
                      .width = width,
                      .x = read_data<T>(x),
                      .dropout = pattern,
                      .out = write_data<T>(out)});
  return out;
}

template <class T>
at::Tensor gelu(const at::Tensor& x) {
  at::Tensor out = empty_rows_like(x);
  loops<T>().gelu({.count = x.numel(), .x = read_data<T>(x), .gradient = nullptr, .out = write_data<T>(out)});
  return out;
}

template <class T>
void gelu_gradient(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& place) {
  loops<T>().gelu(
      {.count = x.numel(), .x = read_data<T>(x), .gradient = read_data<T>(gradient), .out = write_data<T>(place)});
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

#include "infomtl/ops/packed/attention.h"

#include <ATen/ATen.h>

#include "infomtl/ops/packed/dropout.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/dropout_pattern.h"
#include "ops/packed/grouped_attention.h"
#include "ops/packed/kernel_types.h"
#include "ops/packed/products.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Where queries, keys and values lie: either side by side in one matrix, or queries on their own.
struct Layout {
  std::int64_t heads = 1;
  bool first_token = false;
  at::Tensor offsets;
  kernels::DropoutPattern pattern;
};

template <class T>
kernels::Attention<T> describe(const at::Tensor& query, const at::Tensor& kv, const Layout& layout) {
  const std::int64_t width = layout.first_token ? query.size(1) : kv.size(1) / 3;
  const T* keys = read_data<T>(kv) + (layout.first_token ? 0 : width);
  return {.sequences = layout.offsets.size(0) - 1,
          .heads = layout.heads,
          .head_width = width / layout.heads,
          .key_offsets = layout.offsets.const_data_ptr<std::int32_t>(),
          .first_token = layout.first_token,
          .query = layout.first_token ? read_data<T>(query) : read_data<T>(kv),
          .query_stride = layout.first_token ? query.size(1) : kv.size(1),
          .key = keys,
          .value = keys + width,
          .key_stride = kv.size(1),
          .dropout = layout.pattern,
          .out = nullptr};
}

template <class T>
at::Tensor run_forward(const at::Tensor& query, const at::Tensor& kv, const Layout& layout) {
  kernels::Attention<T> attention = describe<T>(query, kv, layout);
  at::Tensor out =
      empty_rows(layout.first_token ? query.size(0) : kv.size(0), attention.heads * attention.head_width, kv.options());
  attention.out = write_data<T>(out);
  kernels::loops<T>().attention(attention);
  return out;
}

template <class T>
variable_list run_backward(const at::Tensor& query, const at::Tensor& kv, const Layout& layout,
                           const at::Tensor& gradient, const Segments& segments) {
  const kernels::Attention<T> attention = describe<T>(query, kv, layout);
  const std::int64_t width = attention.heads * attention.head_width;
  // The loops read all of a sequence and head before they write of it what is read again.
  at::Tensor kv_gradient = gradient_place(kv, segments);
  at::Tensor query_gradient = layout.first_token ? gradient_place(query, segments) : at::Tensor();
  T* keys = write_data<T>(kv_gradient) + (layout.first_token ? 0 : width);
  kernels::loops<T>().attention_gradient(
      {.forward = attention,
       .gradient = read_data<T>(gradient),
       .query_gradient = layout.first_token ? write_data<T>(query_gradient) : write_data<T>(kv_gradient),
       .query_gradient_stride = attention.query_stride,
       .key_gradient = keys,
       .value_gradient = keys + width,
       .key_gradient_stride = attention.key_stride});
  return {query_gradient, kv_gradient};
}

// No query of its own when kv holds queries too.
struct PackedAttention final : torch::autograd::Function<PackedAttention> {
  static at::Tensor forward(AutogradContext* ctx, const std::optional<at::Tensor>& query_in, const at::Tensor& kv_in,
                            const Layout& layout, const Segments& segments) {
    const at::Tensor query = query_in.has_value() ? query_in->contiguous() : at::Tensor();
    const at::Tensor kv = kv_in.contiguous();
    ctx->save_for_backward({query, kv});
    ctx->saved_data["layout"] = hold(layout);
    ctx->saved_data["segments"] = hold(segments);
    return with_loop_type(kv.scalar_type(), [&]<class T>() { return run_forward<T>(query, kv, layout); });
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("packed_attention");
    const variable_list saved = ctx->get_saved_variables();
    const auto layout = held<Layout>(ctx->saved_data["layout"]);
    const auto segments = held<Segments>(ctx->saved_data["segments"]);
    const at::Tensor gradient = gradients[0].contiguous();
    variable_list result = with_loop_type(gradient.scalar_type(), [&]<class T>() {
      return run_backward<T>(saved[0], saved[1], layout, gradient, segments);
    });
    result.resize(4);
    return result;
  }
};

void check_offsets(const at::Tensor& offsets, std::int64_t rows) {
  check_shape(offsets.dim() == 1 && offsets.size(0) >= 1 && offsets.scalar_type() == at::kInt &&
                  offsets.device().is_cpu() && offsets.is_contiguous(),
              "packed_attention", "offsets " + shape_text(offsets) + " (int32 on the CPU wanted)");
  const auto* at_sequence = offsets.const_data_ptr<std::int32_t>();
  bool ordered = at_sequence[0] == 0;
  for (std::int64_t s = 0; s + 1 < offsets.size(0); ++s) ordered = ordered && at_sequence[s] <= at_sequence[s + 1];
  check_shape(ordered && at_sequence[offsets.size(0) - 1] == rows, "packed_attention",
              "offsets do not divide " + std::to_string(rows) + " rows");
}

}  // namespace

torch::Tensor packed_attention(const torch::Tensor& qkv, const torch::Tensor& offsets, std::int64_t heads, double rate,
                               TensorRandom* random, const std::shared_ptr<GradientSegments>& segments) {
  check_shape(heads > 0 && qkv.dim() == 2 && qkv.size(1) % (3 * heads) == 0, "packed_attention",
              "queries, keys and values " + shape_text(qkv) + " for " + std::to_string(heads) + " heads");
  check_offsets(offsets, qkv.size(0));
  if (!has_loops(qkv)) {
    const std::vector<at::Tensor> parts = qkv.chunk(3, 1);
    return grouped_attention(parts[0], parts[1], parts[2], offsets, heads, false, rate, random);
  }
  return PackedAttention::apply(std::optional<at::Tensor>(), qkv,
                                Layout{heads, false, offsets, draw_pattern(rate, random)}, segments);
}

torch::Tensor first_token_attention(const torch::Tensor& query, const torch::Tensor& kv, const torch::Tensor& offsets,
                                    std::int64_t heads, double rate, TensorRandom* random,
                                    const std::shared_ptr<GradientSegments>& segments) {
  check_shape(heads > 0 && query.dim() == 2 && kv.dim() == 2 && kv.size(1) == 2 * query.size(1) &&
                  query.size(1) % heads == 0 && query.size(0) == offsets.size(0) - 1,
              "first_token_attention",
              "queries " + shape_text(query) + ", keys and values " + shape_text(kv) + " for " + std::to_string(heads) +
                  " heads, offsets " + shape_text(offsets));
  check_offsets(offsets, kv.size(0));
  if (!has_loops(kv)) {
    const std::vector<at::Tensor> parts = kv.chunk(2, 1);
    return grouped_attention(query, parts[0], parts[1], offsets, heads, true, rate, random);
  }
  return PackedAttention::apply(std::optional<at::Tensor>(query), kv,
                                Layout{heads, true, offsets, draw_pattern(rate, random)}, segments);
}

}  // namespace infomtl::ops

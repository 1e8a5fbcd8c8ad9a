#include "infomtl/ops/packed/attention.h"

#include <ATen/ATen.h>

#include "infomtl/ops/device_copy.h"
#include "infomtl/ops/packed/dropout.h"
#include "ops/packed/accumulate_per_task.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/choose_backend.h"
#include "ops/packed/plain.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What is no tensor with a gradient.
struct Settings {
  SequenceOffsets offsets;
  std::int64_t heads = 1;
  DropoutPattern pattern;
  at::Tensor columns;  // [2N] int64, the bucket of each column of AttentionInput::bias; undefined without a table
};

// [A, 2N] from the table [K, A]; with a graph where autograd records.
at::Tensor bias_of(const at::Tensor& table, const at::Tensor& columns, at::ScalarType type) {
  return table.index_select(0, columns).t().contiguous().to(type);
}

struct PackedAttention final : torch::autograd::Function<PackedAttention> {
  // No query when kv holds the queries too; no table without bias.
  static at::Tensor forward(AutogradContext* ctx, const std::optional<at::Tensor>& query, const at::Tensor& kv,
                            const std::optional<at::Tensor>& table, const Settings& settings, const RowOwners& owners) {
    AttentionInput in{.query = query.has_value() ? query->contiguous() : at::Tensor(),
                      .kv = kv.contiguous(),
                      .offsets = settings.offsets.host,
                      .heads = settings.heads,
                      .pattern = settings.pattern,
                      .bias = {},
                      .device_offsets = settings.offsets.device};
    if (table.has_value()) in.bias = bias_of(*table, settings.columns, compute_type(kv.scalar_type()));
    ctx->save_for_backward({in.query, in.kv, table.value_or(at::Tensor()), in.bias});
    ctx->saved_data["settings"] = hold(settings);
    ctx->saved_data["owners"] = hold(owners);
    return backend_of(kv).attention(in);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("packed_attention");
    const variable_list saved = ctx->get_saved_variables();
    const auto settings = held<Settings>(ctx->saved_data["settings"]);
    const auto owners = held<RowOwners>(ctx->saved_data["owners"]);
    const at::Tensor& table = saved[2];
    const AttentionInput in{.query = saved[0],
                            .kv = saved[1],
                            .offsets = settings.offsets.host,
                            .heads = settings.heads,
                            .pattern = settings.pattern,
                            .bias = saved[3],
                            .device_offsets = settings.offsets.device};
    // Absent tensors are not counted among the inputs.
    const bool needs_table = table.defined() && ctx->needs_input_grad(in.first_token() ? 2 : 1);
    const AttentionGradients places{.query = in.first_token() ? gradient_place(in.query, owners) : at::Tensor(),
                                    .kv = gradient_place(in.kv, owners),
                                    .bias = needs_table ? at::empty_like(in.bias) : at::Tensor()};
    backend_of(in.kv).attention_gradient(in, gradients[0].contiguous(), places);
    variable_list result{places.query, places.kv, {}, {}, {}};
    if (needs_table) result[2] = table_gradient(table, settings.columns, places.bias, owners);
    return result;
  }

  // Columns are in the order of tokens, two each, so the owners of tokens own pairs of them.
  // @return the ordinary gradient, undefined where the sink took the tasks'
  static at::Tensor table_gradient(const at::Tensor& table, const at::Tensor& columns, const at::Tensor& bias,
                                   const RowOwners& owners) {
    const at::Tensor rows = bias.t().to(table.scalar_type()).contiguous();  // [2N, A]
    const auto add_rows = backend_of(rows).add_rows;
    const bool taken = accumulate_per_task(
        owners, {table}, {true},
        [&](const TaskPlaces& task) {
          const std::int64_t begin = 2 * task.rows.begin, count = 2 * task.rows.end - begin;
          add_rows(task.places[0].view(table.sizes()), columns.narrow(0, begin, count), rows.narrow(0, begin, count));
        },
        [owners, add_rows, columns, rows](const at::Tensor& of_tasks, const auto& to) {
          const at::Tensor of_tokens = rows.view({rows.size(0) / 2, 2 * rows.size(1)});
          add_rows(to[0], columns, owners.weighted(of_tokens, of_tasks).view(rows.sizes()));
        })[0];
    if (taken) return {};
    at::Tensor sums = at::zeros_like(table, at::MemoryFormat::Contiguous);
    add_rows(sums, columns, rows);
    return sums;
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

// The bucket of each column of AttentionInput::bias. The last of a sequence's 2 length columns is no distance: it is
// never read, and its gradient is 0.
at::Tensor bucket_columns(const AttentionBias& bias, const at::Tensor& offsets, const at::Tensor& kv,
                          std::int64_t heads) {
  check_shape(bias.table.dim() == 2 && bias.table.size(1) == heads && bias.table.device() == kv.device() &&
                  bias.table.scalar_type() == compute_type(kv.scalar_type()),
              "packed_attention",
              "bias table " + shape_text(bias.table) + " of " + c10::toString(bias.table.scalar_type()) + " for " +
                  std::to_string(heads) + " heads (" + c10::toString(compute_type(kv.scalar_type())) +
                  " on the device of keys and values wanted)");
  check_shape(bias.buckets.defined() && bias.buckets.dim() == 1 && bias.buckets.size(0) % 2 == 1 &&
                  bias.buckets.scalar_type() == at::kLong && bias.buckets.device().is_cpu() &&
                  bias.buckets.is_contiguous(),
              "packed_attention", "bias buckets " + shape_text(bias.buckets) + " ([2L-1] int64 on the CPU wanted)");
  const std::int64_t most = bias.buckets.size(0) / 2 + 1, sequences = offsets.size(0) - 1;
  const auto* bucket = bias.buckets.const_data_ptr<std::int64_t>() + (most - 1);  // of distance 0
  const auto* begins = offsets.const_data_ptr<std::int32_t>();
  at::Tensor columns = at::empty({2 * begins[sequences]}, at::kLong);
  auto* column = columns.mutable_data_ptr<std::int64_t>();
  for (std::int64_t s = 0; s < sequences; ++s) {
    const std::int64_t length = begins[s + 1] - begins[s];
    check_shape(length <= most, "packed_attention",
                "a sequence of " + std::to_string(length) + " tokens, but bias buckets for " + std::to_string(most));
    for (std::int64_t d = 1 - length; d <= length; ++d) *column++ = bucket[d < length ? d : 0];
  }
  bool inside = true;
  for (const auto* b = columns.const_data_ptr<std::int64_t>(); b != column; ++b) {
    inside = inside && *b >= 0 && *b < bias.table.size(0);
  }
  check_shape(inside, "packed_attention", "bias buckets outside the table " + shape_text(bias.table));
  return copied_to(columns, kv.device());
}

at::Tensor attend(const std::optional<at::Tensor>& query, const at::Tensor& kv, const SequenceOffsets& offsets,
                  std::int64_t heads, double rate, TensorRandom* random, const RowOwners& owners,
                  Derivatives derivatives, const AttentionBias& bias) {
  check_offsets(offsets.host, kv.size(0));
  check_shape(!offsets.device.defined() ||
                  (offsets.device.sizes() == offsets.host.sizes() && offsets.device.scalar_type() == at::kInt &&
                   offsets.device.device() == kv.device() && offsets.device.is_contiguous()),
              "packed_attention", "copy of offsets " + shape_text(offsets.device) + " (as on the CPU wanted)");
  check_owners(owners, kv.size(0), "packed_attention");
  Settings settings{.offsets = offsets, .heads = heads, .pattern = draw_dropout(rate, random), .columns = {}};
  std::optional<at::Tensor> table;
  if (bias.table.defined()) {
    settings.columns = bucket_columns(bias, offsets.host, kv, heads);
    table = bias.table;
  }
  if (derivatives == Derivatives::once) return PackedAttention::apply(query, kv, table, settings, owners);
  return plain::attention(
      {.query = query.value_or(at::Tensor()),
       .kv = kv,
       .offsets = offsets.host,
       .heads = heads,
       .pattern = settings.pattern,
       .bias = table ? bias_of(*table, settings.columns, compute_type(kv.scalar_type())) : at::Tensor()});
}

}  // namespace

torch::Tensor packed_attention(const torch::Tensor& qkv, const SequenceOffsets& offsets, std::int64_t heads,
                               double rate, TensorRandom* random, const RowOwners& owners, Derivatives derivatives,
                               const AttentionBias& bias) {
  check_shape(heads > 0 && qkv.dim() == 2 && qkv.size(1) % (3 * heads) == 0, "packed_attention",
              "queries, keys and values " + shape_text(qkv) + " for " + std::to_string(heads) + " heads");
  return attend({}, qkv, offsets, heads, rate, random, owners, derivatives, bias);
}

torch::Tensor first_token_attention(const torch::Tensor& query, const torch::Tensor& kv, const SequenceOffsets& offsets,
                                    std::int64_t heads, double rate, TensorRandom* random, const RowOwners& owners,
                                    Derivatives derivatives, const AttentionBias& bias) {
  check_shape(heads > 0 && query.dim() == 2 && kv.dim() == 2 && kv.size(1) == 2 * query.size(1) &&
                  query.size(1) % heads == 0 && query.size(0) == offsets.host.size(0) - 1,
              "first_token_attention",
              "queries " + shape_text(query) + ", keys and values " + shape_text(kv) + " for " + std::to_string(heads) +
                  " heads, offsets " + shape_text(offsets.host));
  return attend(query, kv, offsets, heads, rate, random, owners, derivatives, bias);
}

}  // namespace infomtl::ops

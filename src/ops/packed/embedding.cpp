#include "infomtl/ops/packed/embedding.h"

#include <ATen/ATen.h>

#include "ops/packed/autograd_support.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Adds the rows of `gradient` to those rows of `sums` [R, width] that `places` names.
void add_rows(const at::Tensor& sums, const at::Tensor& places, const at::Tensor& gradient) {
  if (!gradient.is_cpu() || gradient.scalar_type() != at::kFloat) {
    sums.index_add_(0, places, gradient);
    return;
  }
  const std::int64_t width = gradient.size(1);
  const auto* place = places.const_data_ptr<std::int64_t>();
  const auto* from = gradient.const_data_ptr<float>();
  auto* const to = sums.mutable_data_ptr<float>();
  for (std::int64_t n = 0; n < gradient.size(0); ++n, from += width) {
    float* const row = to + place[n] * width;
    for (std::int64_t j = 0; j < width; ++j) row[j] += from[j];
  }
}

// Where the sink's rows of a table stand for `ids`.
at::Tensor places_of(const at::Tensor& ids, const at::Tensor& held_rows) {
  if (!held_rows.defined()) return ids.contiguous();
  const at::Tensor places = at::searchsorted(held_rows, ids);
  const std::int64_t last = held_rows.size(0) - 1;
  if (last < 0 || !at::equal(held_rows.index_select(0, places.clamp_max(last)), ids)) {
    throw StateError("embedding_sum: the gradient sink has no place for a row that was looked up");
  }
  return places;
}

struct EmbeddingSum final : torch::autograd::Function<EmbeddingSum> {
  static at::Tensor forward(AutogradContext* ctx, at::TensorList tables, const std::vector<at::Tensor>& ids,
                            const Segments& segments) {
    variable_list saved(tables.begin(), tables.end());
    saved.insert(saved.end(), ids.begin(), ids.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["segments"] = hold(segments);
    at::Tensor sum = at::index_select(tables[0], 0, ids[0]);
    for (std::size_t k = 1; k < tables.size(); ++k) sum.add_(at::index_select(tables[k], 0, ids[k]));
    return sum;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("embedding_sum");
    const variable_list saved = ctx->get_saved_variables();
    const std::size_t count = saved.size() / 2;
    const auto segments = held<Segments>(ctx->saved_data["segments"]);
    const at::Tensor gradient = gradients[0].contiguous();
    variable_list result(count + 2);
    for (std::size_t k = 0; k < count; ++k) {
      if (!ctx->needs_input_grad(k)) continue;
      const at::Tensor& table = saved[k];
      const at::Tensor& ids = saved[count + k];
      const at::Tensor rows = segments == nullptr ? at::Tensor() : segments->sink().open(table);
      if (!rows.defined()) {
        result[k] = at::zeros_like(table).index_add_(0, ids, gradient);
        continue;
      }
      const auto ranges = segments->ranges_of(ids.size(0), rows);
      const at::Tensor places = places_of(ids, segments->sink().rows_of(table));
      for (std::size_t t = 0; t < ranges.size(); ++t) {
        const std::int64_t begin = ranges[t].begin, length = ranges[t].end - begin;
        if (length == 0) continue;
        add_rows(rows[static_cast<std::int64_t>(t)].view({-1, table.size(1)}), places.narrow(0, begin, length),
                 gradient.narrow(0, begin, length));
      }
      segments->sink().close(table, rows);
      if (segments->sink().keeps()) {
        segments->sink().keep({table}, [segments, ids, gradient](const at::Tensor& of_tasks, const auto& to) {
          add_rows(to[0], ids.contiguous(), segments->weighted(gradient, of_tasks));
        });
      }
    }
    return result;
  }
};

}  // namespace

torch::Tensor embedding_sum(const std::vector<torch::Tensor>& tables, const std::vector<torch::Tensor>& ids,
                            const std::shared_ptr<GradientSegments>& segments) {
  check_shape(!tables.empty() && tables.size() == ids.size(), "embedding_sum",
              std::to_string(tables.size()) + " tables, " + std::to_string(ids.size()) + " index vectors");
  for (std::size_t k = 0; k < tables.size(); ++k) {
    check_shape(tables[k].dim() == 2 && tables[k].size(1) == tables[0].size(1) && ids[k].dim() == 1 &&
                    ids[k].size(0) == ids[0].size(0),
                "embedding_sum", "table " + shape_text(tables[k]) + ", indices " + shape_text(ids[k]));
  }
  return EmbeddingSum::apply(at::TensorList(tables), ids, segments);
}

}  // namespace infomtl::ops

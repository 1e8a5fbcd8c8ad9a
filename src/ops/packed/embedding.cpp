#include "infomtl/ops/packed/embedding.h"

#include <ATen/ATen.h>

#include "ops/packed/accumulate_per_task.h"
#include "ops/packed/autograd_support.h"
#include "ops/packed/choose_backend.h"
#include "ops/packed/plain.h"

namespace infomtl::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Where the sink's rows of a table stand for `ids`.
at::Tensor places_of(const at::Tensor& ids, const at::Tensor& held_rows) {
  if (!held_rows.defined()) return ids.contiguous();
  const at::Tensor places = at::searchsorted(held_rows, ids);
  const std::int64_t last = held_rows.size(0) - 1;
  // Elsewhere than on the CPU a look at the values would wait for the device.
  if (last < 0 || (ids.is_cpu() && !at::equal(held_rows.index_select(0, places.clamp_max(last)), ids))) {
    throw StateError("embedding_sum: the gradient sink has no place for a row that was looked up");
  }
  return places;
}

struct EmbeddingSum final : torch::autograd::Function<EmbeddingSum> {
  static at::Tensor forward(AutogradContext* ctx, at::TensorList tables, const std::vector<at::Tensor>& ids,
                            const RowOwners& owners) {
    variable_list saved(tables.begin(), tables.end());
    const at::Tensor sum = backend_of(tables[0]).embedding_sum(saved, ids);
    saved.insert(saved.end(), ids.begin(), ids.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["owners"] = hold(owners);
    return sum;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    refuse_second_derivative("embedding_sum");
    const variable_list saved = ctx->get_saved_variables();
    const std::size_t count = saved.size() / 2;
    const auto owners = held<RowOwners>(ctx->saved_data["owners"]);
    const at::Tensor gradient = gradients[0].contiguous();
    variable_list result(count + 2);
    for (std::size_t k = 0; k < count; ++k) {
      if (!ctx->needs_input_grad(k)) continue;
      const at::Tensor& table = saved[k];
      const at::Tensor& ids = saved[count + k];
      const auto add_rows = backend_of(gradient).add_rows;
      at::Tensor places;  // of the ids among the rows that the sink has
      const bool taken = accumulate_per_task(
          owners, {table}, {true},
          [&](const TaskPlaces& task) {
            if (!places.defined()) places = places_of(ids, owners.sink().rows_of(table));
            const std::int64_t begin = task.rows.begin, length = task.rows.end - begin;
            add_rows(task.places[0].view({-1, table.size(1)}), places.narrow(0, begin, length),
                     gradient.narrow(0, begin, length));
          },
          [owners, add_rows, ids, gradient](const at::Tensor& of_tasks, const auto& to) {
            add_rows(to[0], ids.contiguous(), owners.weighted(gradient, of_tasks));
          })[0];
      if (taken) continue;
      // In the order of rows on every device: index_add_ adds in any order on a GPU.
      result[k] = at::zeros_like(table, at::MemoryFormat::Contiguous);
      add_rows(result[k], ids.contiguous(), gradient);
    }
    return result;
  }
};

}  // namespace

torch::Tensor embedding_sum(const std::vector<torch::Tensor>& tables, const std::vector<torch::Tensor>& ids,
                            const RowOwners& owners, Derivatives derivatives) {
  check_shape(!tables.empty() && tables.size() == ids.size(), "embedding_sum",
              std::to_string(tables.size()) + " tables, " + std::to_string(ids.size()) + " index vectors");
  for (std::size_t k = 0; k < tables.size(); ++k) {
    check_shape(tables[k].dim() == 2 && tables[k].size(1) == tables[0].size(1) && ids[k].dim() == 1 &&
                    ids[k].size(0) == ids[0].size(0),
                "embedding_sum", "table " + shape_text(tables[k]) + ", indices " + shape_text(ids[k]));
  }
  check_owners(owners, ids[0].size(0), "embedding_sum");
  if (derivatives == Derivatives::twice) return plain::embedding_sum(tables, ids);
  return EmbeddingSum::apply(at::TensorList(tables), ids, owners);
}

}  // namespace infomtl::ops

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "ops/information/checks.h"
#include "ops/information/info_nce.h"

namespace infomtl::ops {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// The scores of a block of anchors, each less the score of a positive: a row's own for the first direction, a column's for
/// the second, over the temperature, -inf where ignored. As in the plain form the positive is taken off before the division,
/// and what is left of it is 0 exactly (NaN where it is none).
struct Block {
  std::int64_t first = 0, count = 0;
  Tensor index;    ///< [count, 1], the anchors' positive keys
  Tensor rows;     ///< [count, M]
  Tensor columns;  ///< [count, B], undefined without the second direction
};

/// Goes through the scores of all anchors block by block, in one piece of memory.
class Blocks {
 public:
  Blocks(const Tensor& anchors, const Tensor& keys, const Pairing& pairing)
      : anchors_(anchors), keys_(keys), pairing_(pairing) {
    const std::int64_t held = std::min(kInfoNceBlock, anchors.size(0));
    rows_ = at::empty({held, keys.size(0)}, anchors.options());
    const Tensor own = pairing.identity ? keys.narrow(0, 0, anchors.size(0)) : keys.index_select(0, pairing.positive);
    picked_ = (anchors * own).sum(1);
  }

  template <class Visit>
  void each(const Visit& visit) {
    for (std::int64_t first = 0; first < anchors_.size(0); first += kInfoNceBlock) visit(block(first));
  }

 private:
  Block block(std::int64_t first) {
    const double temperature = pairing_.options.temperature;
    Block found;
    found.first = first;
    found.count = std::min(kInfoNceBlock, anchors_.size(0) - first);
    found.index = pairing_.positive.narrow(0, first, found.count).unsqueeze(1);
    found.rows = rows_.narrow(0, 0, found.count);
    at::mm_out(found.rows, anchors_.narrow(0, first, found.count), keys_.t());
    const Tensor picked = picked_.narrow(0, first, found.count);
    const Tensor left = picked - picked;
    const Tensor ignored = pairing_.ignored_of(first, found.count);
    if (pairing_.options.symmetric) {
      found.columns = (pairing_.positive_columns(found.rows) - picked_).div_(temperature);
      if (ignored.defined()) found.columns.masked_fill_(pairing_.positive_columns(ignored), -INFINITY);
      found.columns.narrow(1, first, found.count).diagonal().copy_(left);
    }
    found.rows.sub_(picked.unsqueeze(1)).div_(temperature);
    if (ignored.defined()) found.rows.masked_fill_(ignored, -INFINITY);
    found.rows.scatter_(1, found.index, left.unsqueeze(1));
    return found;
  }

  Tensor anchors_, keys_;
  const Pairing& pairing_;
  Tensor rows_;    ///< [block, M]
  Tensor picked_;  ///< [B], each anchor's score with its positive
};

/// Forward: 2 B M H floating-point operations; backward: 6 B M H, the scores among them, which are computed again. Kept:
/// both inputs and the log-sum-exp of each row (and column) of the scores.
class StreamedInfoNce : public torch::autograd::Function<StreamedInfoNce> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& z, const Tensor& keys, const Pairing& pairing,
                        bool gradient) {
    const auto type = widened_type(z, keys);
    const ScoredRows anchors(z, type, pairing.options.normalise), others(keys, type, pairing.options.normalise);
    const Tensor of_rows = at::empty({z.size(0)}, anchors.rows.options());
    Tensor of_columns;
    if (pairing.options.symmetric) of_columns = at::full_like(of_rows, -INFINITY);
    Blocks(anchors.rows, others.rows, pairing).each([&](const Block& block) {
      of_rows.narrow(0, block.first, block.count).copy_(block.rows.logsumexp(1));
      if (of_columns.defined()) of_columns = at::logaddexp(of_columns, block.columns.logsumexp(0));
    });
    if (gradient) keep(context, z, keys, pairing, {of_rows, of_columns});
    return of_columns.defined() ? 0.5 * (of_rows.sum() + of_columns.sum()) : of_rows.sum();
  }

  static variable_list backward(AutogradContext* context, variable_list outer) {
    const Kept kept(context);
    if (at::GradMode::is_enabled()) return gradients_with_graph(kept, outer[0]);
    variable_list result(kArguments);
    const Tensor &of_rows = kept.others[0], &of_columns = kept.others[1];
    const Pairing& pairing = kept.pairing;
    const auto type = of_rows.scalar_type();
    const ScoredRows anchors(kept.z, type, pairing.options.normalise);
    const ScoredRows others(kept.keys, type, pairing.options.normalise);
    Tensor to_anchors, to_keys;
    if (context->needs_input_grad(0)) to_anchors = at::empty_like(anchors.rows);
    if (context->needs_input_grad(1)) to_keys = at::zeros_like(others.rows);
    Blocks(anchors.rows, others.rows, pairing).each([&](const Block& block) {
      // dL/dS of these anchors: the softmax of each direction less the positive.
      Tensor slope = block.rows;
      slope.sub_(of_rows.narrow(0, block.first, block.count).unsqueeze(1)).exp_();
      Tensor columns = block.columns;
      if (columns.defined()) columns.sub_(of_columns).exp_();
      softmax_to_slope(slope, columns, block.index, pairing);
      if (to_anchors.defined()) {
        Tensor place = to_anchors.narrow(0, block.first, block.count);
        at::mm_out(place, slope, others.rows);
      }
      if (to_keys.defined()) to_keys.addmm_(slope.t(), anchors.rows.narrow(0, block.first, block.count));
    });
    const Tensor factor = outer[0].to(type) / pairing.options.temperature;
    if (to_anchors.defined()) result[0] = anchors.through_norm(to_anchors.mul_(factor)).to(kept.z.scalar_type());
    if (to_keys.defined()) result[1] = others.through_norm(to_keys.mul_(factor)).to(kept.keys.scalar_type());
    return result;
  }
};

}  // namespace

Tensor streamed_info_nce(const Tensor& z, const Tensor& keys, const Pairing& pairing) {
  const bool gradient = at::GradMode::is_enabled() && (z.requires_grad() || keys.requires_grad());
  return StreamedInfoNce::apply(z, keys, pairing, gradient);
}

}  // namespace infomtl::ops

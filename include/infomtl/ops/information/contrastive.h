#pragma once
// Contrast: a representation is told apart from others of the batch. InfoNCE between two views is InfoMTL's SIMax.
//
//   LossValue loss = ops::info_nce(view, other_view, {.temperature = 0.1});
//   loss.mean().backward();                                        // gradients reach both views
//
// Letters: B anchors, M keys, H width. Arithmetic is float32 for float32 and narrower input, float64 for float64.
// A NaN anywhere makes the loss NaN; nothing is thrown for it here, the trainer's finite check names step and task.

#include <torch/types.h>

#include <cstdint>
#include <utility>

#include "infomtl/core/export.h"
#include "infomtl/ops/loss_value.h"

namespace infomtl::ops {

/// Rows over their Euclidean length, [B, H], float32 (float64 for float64 input). A row with norm <= 1e-12 becomes zero
/// and takes no gradient. Norms are taken in float64, so float32 rows up to 1e38 neither overflow nor vanish.
INFOMTL_API torch::Tensor unit_rows(const torch::Tensor& rows);

struct InfoNceOptions {
  double temperature = 1.0;  ///< tau, > 0
  bool normalise = true;     ///< cosine similarity; false: inner product
  bool symmetric = false;    ///< mean of both directions: anchors tell keys apart, and positive keys tell anchors apart
};

/// Pairs of an anchor and a key that are left out of the denominators; a positive never is. None, those of a mask (a tensor
/// converts), or those of equal numbers, which take memory by the row and not by the pair.
struct INFOMTL_API IgnoredPairs {
  IgnoredPairs() = default;
  IgnoredPairs(torch::Tensor of_mask) : mask(std::move(of_mask)) {}
  /// @param of_anchors [B] int64 @param of_keys [M] int64: anchor i ignores key j where they are equal
  IgnoredPairs(torch::Tensor of_anchors, torch::Tensor of_keys)
      : anchors(std::move(of_anchors)), keys(std::move(of_keys)) {}

  torch::Tensor mask;           ///< [B, M] bool
  torch::Tensor anchors, keys;  ///< [B] and [M] int64, of the texts, say
};

/// The most rows (anchors or keys, whichever are more) whose pairs InfoNCE holds all at once, in float32 67 MB a matrix.
/// Above, it holds the pairs of a block of anchors at a time, in memory linear in the rows, at the cost of a fourth matrix
/// product beside three. Both forms have one value and one gradient, up to rounding. On a GPU kernels take the place of the
/// second, where z and keys are both float32 or both bfloat16 and no mask is given (equal numbers may be ignored).
inline constexpr std::int64_t kPlainInfoNceRows = 4096;

/// InfoNCE between anchors and keys, as a loss summed over the anchors.
///
///   L = sum_i [ LSE_j S_ij - S_i,p(i) ],   S_ij = cos(z_i, k_j) / tau
///   (van den Oord et al. 2018, Eq. 4; InfoMTL, Eq. 2)
///
/// @param z         [B, H]; gradients flow through z and keys (also second derivatives, which hold all pairs whatever B is)
/// @param keys      [M, H], M >= B; rows with norm <= 1e-12 count as zero (cosine 0) and take no gradient
/// @param positive  [B] int64, the key of each anchor; undefined: anchor i's is key i, keys B..M are extra negatives
/// @param ignored   pairs left out of the denominators (equal texts, say)
/// @return sum: scalar, >= 0 (0 when M = 1); count: B
/// @throws ShapeError when widths differ, B = 0, M < B without `positive`, or an index is outside 0..M (CPU only)
/// @throws ConfigError when tau is not above 0
INFOMTL_API LossValue info_nce(const torch::Tensor& z, const torch::Tensor& keys, const InfoNceOptions& options = {},
                               const torch::Tensor& positive = {}, const IgnoredPairs& ignored = {});

/// The same from scores [B, M] that already carry the temperature.
/// @throws ShapeError as info_nce
INFOMTL_API LossValue info_nce_from_scores(const torch::Tensor& scores, bool symmetric = false,
                                           const torch::Tensor& positive = {}, const IgnoredPairs& ignored = {});

/// A lower bound in nats on what two views tell of each other, by InfoNCE with a radial critic: log B minus the loss of scores
/// S_ij = -|a_i - b_j|^2 / (2 H h^2), columns of both views brought to mean 0 and deviation 1 first, the largest over
/// h = 0.05, 0.1, ..., 1.6, at least 0. For measuring, not for training: one critic for every representation, whatever its width
/// and scale. It cannot exceed log B.
///
/// @param a, b [B, H], row i of both of one input, B >= 1 @return scalar float64 on the CPU, without graph, in [0, log B]
/// @throws ShapeError
INFOMTL_API torch::Tensor two_view_information(const torch::Tensor& a, const torch::Tensor& b);

/// Supervised contrast, the form with the sum outside the logarithm (Khosla et al. 2020, Eq. 2).
///
///   L = sum_i -1/|P(i)| sum_{p in P(i)} [ S_ip - LSE_{a != i} S_ia ],   P(i): other rows with the label of i
///
/// @param z            [B, H]
/// @param labels       [B] int64
/// @param temperature  > 0
/// @return sum: scalar; count: rows that have a positive, 0 when no two rows share a label (sum is then 0 too)
INFOMTL_API LossValue supervised_contrastive(const torch::Tensor& z, const torch::Tensor& labels,
                                             double temperature = 0.1, bool normalise = true);

/// Uniformity of directions: log mean_{i<j} exp(-t |u_i - u_j|^2), u = z / |z|; lower is more uniform, 0 when all
/// agree, at least -4t (Wang & Isola 2020). Without a graph it takes memory linear in B, a block of rows at a time.
/// @param z [B, H], B >= 2; @return scalar with graph
INFOMTL_API torch::Tensor uniformity(const torch::Tensor& z, double t = 2.0);

/// Alignment of pairs: mean_i |u_i - v_i|^alpha over unit rows (Wang & Isola 2020); 0 when the views agree.
INFOMTL_API torch::Tensor alignment(const torch::Tensor& z, const torch::Tensor& other, double alpha = 2.0);

}  // namespace infomtl::ops

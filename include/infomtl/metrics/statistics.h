#pragma once
// Statistics: what a table of seeds and tasks needs beside the scores themselves.
//
//   std::vector<double> infomtl{68.1, 68.9, 68.5}, equal{66.0, 66.4, 66.1};       // the same seeds, in the same order
//   PairedDifference d = paired_difference(infomtl, equal);
//   std::printf("%.2f +- %.2f, p = %.3f\n", d.mean, d.half_width_95, d.p_value);

#include <cstddef>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// @throws DataError when empty, NonFiniteError at a NaN or an infinity
INFOMTL_API double mean_of(const std::vector<double>& values);

/// Sample standard deviation, n - 1 below the line; NaN for a single value, which has none. @throws as mean_of
INFOMTL_API double standard_deviation(const std::vector<double>& values);

/// Several values, say of seeds, and what they tell about their mean.
struct Spread {
  double mean = 0;
  double deviation = 0;      ///< sample standard deviation; NaN for a single value
  double half_width_95 = 0;  ///< the 95 % interval of the mean by Student's t is mean +- this; NaN for a single value
};

/// NaNs are left out; all of it is NaN where nothing is left. @throws NonFiniteError at an infinity
INFOMTL_API Spread spread_of(std::vector<double> values);

/// Two methods on the same seeds (or rows): Student's t-test of the mean of a_i - b_i against 0, two-sided.
struct PairedDifference {
  double mean = 0;                ///< mean of a_i - b_i
  double standard_deviation = 0;  ///< of the differences, n - 1 below the line
  double t = 0;                   ///< mean / (standard_deviation / sqrt(n))
  double p_value = 1;             ///< with n - 1 degrees of freedom
  double half_width_95 = 0;       ///< the 95 % interval is mean +- this
};

/// All differences equal: 0 gives t = 0, p = 1 (scipy says NaN); anything else gives t = +-infinity, p = 0 (as scipy).
/// @throws DataError when the sizes differ or are below 2, NonFiniteError
INFOMTL_API PairedDifference paired_difference(const std::vector<double>& a, const std::vector<double>& b);

/// p-values of several tests adjusted so that the chance of one false finding among them stays below the level (Holm,
/// Scandinavian Journal of Statistics 6, 1979): the k-th smallest of m, times m - k + 1, never below a smaller one's, at
/// most 1. A NaN is a test that was not made: it stays and does not count.
/// @param p  in any order; the result has the same @throws DataError for a value outside [0, 1]
INFOMTL_API std::vector<double> holm_adjusted(const std::vector<double>& p);

/// How alike two measures order the same things.
struct RankCorrelation {
  double rho = 0;                  ///< Spearman's: Pearson's correlation of the ranks, equal values at their mean rank
  double low_95 = 0, high_95 = 0;  ///< its 95 % interval; NaN below four pairs
  std::size_t pairs = 0;
};

/// The interval is that of Fisher's z = atanh(rho) with variance (1 + rho^2 / 2) / (n - 3), which holds for ranks where
/// Fisher's own 1 / (n - 3) is too small (Bonett and Wright, Psychometrika 65, 2000); +-1 has no width. It takes the pairs
/// as independent. rho is NaN for fewer than two pairs and where one side is constant (as scipy).
/// @throws DataError when the sizes differ, NonFiniteError
INFOMTL_API RankCorrelation rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

/// P(T <= t) of Student's t distribution; degrees > 0, not necessarily whole. Relative error below 1e-12 up to 1000
/// degrees, 1e-10 at a million.
INFOMTL_API double student_t_cdf(double t, double degrees);
/// Its inverse; 0 < probability < 1.
INFOMTL_API double student_t_quantile(double probability, double degrees);

/// One metric of one task under a method and under its baseline.
struct ScorePair {
  double score = 0;
  double baseline = 0;
  bool higher_is_better = true;
};

/// delta_p in percent: 100/T sum_t 1/N_t sum_n s_tn (M_tn - B_tn) / |B_tn|, s = -1 where lower is better
/// (InfoMTL, arXiv 2503.04667, section 4; |B| keeps "better" positive for scores that may be negative). Scores are
/// averages over seeds first; that is how the paper's tables come out.
/// @param tasks [T][N_t] @throws DataError when a task has no metric or a baseline is 0, NonFiniteError
INFOMTL_API double relative_gain_percent(const std::vector<std::vector<ScorePair>>& tasks);

}  // namespace infomtl

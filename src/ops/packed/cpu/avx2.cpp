#include "ops/packed/cpu/openmp.h"

#define INFOMTL_VECTOR_BYTES 32
#define INFOMTL_ROWS 4
#include "ops/packed/cpu/loops.h"

namespace infomtl::ops::kernels {
extern const Loops<float> k_float_avx2;
extern const Loops<double> k_double_avx2;
extern const Loops<BFloat16> k_bfloat16_avx2;
const Loops<float> k_float_avx2 = kLoops<float>;
const Loops<double> k_double_avx2 = kLoops<double>;
const Loops<BFloat16> k_bfloat16_avx2 = kLoops<BFloat16>;
}  // namespace infomtl::ops::kernels

#pragma once
// What the loops call of OpenMP. LibTorch's threads are those of GCC's OpenMP; clang has another pool of its own, so loops
// that it compiles run on the thread that calls them (CMakeLists.txt leaves it the vectors only).

#ifdef _OPENMP
#include <omp.h>
#else
namespace {
inline int omp_get_num_threads() { return 1; }
}  // namespace
#endif

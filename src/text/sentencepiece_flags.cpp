#include "text/sentencepiece_flags.h"

#include <cstddef>

// The sentencepiece library and LibTorch's libc10 both define a global FLAGS_minloglevel: an object of three words
// there, an int here. The loader binds both names to whichever it finds first, and where that is the int, the object's
// constructor writes over the flags behind it; one of them makes LibTorch abort where it should throw. So it finds this
// one first.
extern "C" {
alignas(std::max_align_t) __attribute__((visibility("default"))) unsigned char FLAGS_minloglevel[256] = {};
}

namespace infomtl::text {

void keep_sentencepiece_flags_apart() {}

}  // namespace infomtl::text

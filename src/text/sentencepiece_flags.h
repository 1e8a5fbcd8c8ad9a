#pragma once
// Keeps the flags of the sentencepiece library and of LibTorch apart; the source says why.

namespace infomtl::text {

/// Does nothing: whoever calls it is linked with the flag below it, also out of a static library.
void keep_sentencepiece_flags_apart();

}  // namespace infomtl::text
